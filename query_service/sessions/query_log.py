"""A background writer: queries are kept without making the search that asked them wait."""

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from plugin_config.errors import LiveIntentError

logger = logging.getLogger(__name__)
Entry = TypeVar("Entry")
Write = Callable[[Sequence[Entry]], Sequence[Entry]]


@dataclass(frozen=True)
class QueryLogCounts:
    """What became of the entries so far."""

    added: int = 0
    written: int = 0
    lost: int = 0  # given up after the last attempt
    waited: int = 0  # written by the caller itself, because the queue was full
    queued: int = 0  # not yet written


class QueryLog(Generic[Entry]):
    """A bounded queue and one thread that writes what is in it, many entries at a time.

    `write` takes entries and returns those it could not write; when it raises, it wrote none.
    These are tried again, `attempts` times in all, with growing pauses, then counted as lost. The
    thread starts with the first entry, so the log may be made before a server forks.
    """

    def __init__(
        self,
        write: Write[Entry],
        *,
        capacity: int = 1000,
        interval_s: float = 0.2,
        batch: int = 200,
        attempts: int = 4,
    ) -> None:
        self._write = write
        self._capacity = capacity
        self._interval_s = interval_s
        self._batch = batch
        self._attempts = attempts
        self._changed = threading.Condition()
        self._entries: deque[Entry] = deque()
        self._writing: list[Entry] = []
        self._thread: threading.Thread | None = None
        self._hurry = False
        self._closed = False
        self._counts = dict.fromkeys(("added", "written", "lost", "waited"), 0)

    @property
    def interval_s(self) -> float:
        """How long an entry waits for company before it is written, seconds."""
        return self._interval_s

    @property
    def counts(self) -> QueryLogCounts:
        """What became of the entries so far."""
        with self._changed:
            queued = len(self._entries) + len(self._writing)
            return QueryLogCounts(**self._counts, queued=queued)

    def add(self, entry: Entry) -> None:
        """Take `entry`; write it here and now when the queue is full or closed."""
        with self._changed:
            self._counts["added"] += 1
            if not self._closed and len(self._entries) < self._capacity:
                self._entries.append(entry)
                self._start()
                self._changed.notify_all()
                return
            self._counts["waited"] += 1
        self._write_out([entry], attempts=1)

    def waiting(self) -> list[Entry]:
        """The entries that are not written yet, in the order they came."""
        with self._changed:
            return [*self._writing, *self._entries]

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until everything taken so far is written or given up; False: not in that time."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            while self._entries or self._writing:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return not (self._entries or self._writing)
            return True

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what is left and stop the thread; entries that come later are written at once."""
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify_all()
        self.flush(timeout_s)
        if thread is not None:
            thread.join(timeout_s)
        atexit.unregister(self.close)

    def _start(self) -> None:
        """Start the thread; one that a fork left behind in the parent counts as none."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="query-log", daemon=True)
            self._thread.start()
            atexit.unregister(self.close)
            atexit.register(self.close)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._entries:
                    self._hurry = False
                    if self._closed:
                        return
                    self._changed.wait()
                gathered_at = time.monotonic() + self._interval_s
                while not self._closed and not self._hurry and len(self._entries) < self._batch:
                    left = gathered_at - time.monotonic()
                    if left <= 0:
                        break
                    self._changed.wait(left)
                count = min(self._batch, len(self._entries))
                self._writing = [self._entries.popleft() for _ in range(count)]
            self._write_out(self._writing, self._attempts)
            with self._changed:
                self._writing = []
                self._changed.notify_all()

    def _write_out(self, entries: Sequence[Entry], attempts: int) -> None:
        left: Sequence[Entry] = entries
        reason: Any = "refused"
        for attempt in range(attempts):
            if attempt:
                time.sleep(min(0.1 * 4**attempt, 2.0))
            try:
                left = self._write(left)
            except LiveIntentError as error:
                reason = error
            except Exception as error:  # a thread that dies would lose all later entries
                logger.exception("query log: writing failed")
                reason = error
            if not left:
                break
        with self._changed:
            self._counts["written"] += len(entries) - len(left)
            self._counts["lost"] += len(left)
        if left:
            logger.warning("query log: gave up on %d of %d: %s", len(left), len(entries), reason)
