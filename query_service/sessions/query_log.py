"""A background writer, so that a search does not wait until its query is stored."""

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
    """How many entries were added so far, and what became of them."""

    added: int = 0
    written: int = 0
    lost: int = 0  # given up after the last attempt
    written_by_caller: int = 0  # the queue was full or closed; also in `written` or `lost`
    queued: int = 0  # not yet written


class QueryLog(Generic[Entry]):
    """A bounded queue and one thread that writes its entries in batches.

    `write` takes entries and returns those it could not write; when it raises, it wrote none. The
    log retries these with growing pauses, `attempts` times in all, then counts them as lost. An
    entry waits up to `interval_s` seconds for a batch to fill. The thread starts with the first
    entry, so the log may be made before a server forks.
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
        self.interval_s = interval_s
        self._batch = batch
        self._attempts = attempts
        self._changed = threading.Condition()
        self._entries: deque[Entry] = deque()
        self._writing: list[Entry] = []
        self._thread: threading.Thread | None = None
        self._flushing = False
        self._closed = False
        # Called after a write with how many entries it wrote, lost, and how many are waiting.
        self.on_written: Callable[[int, int, int], None] = lambda written, lost, waiting: None
        # Called at each change with how many entries were added so far, and how many are done with.
        self.on_change: Callable[[int, int], None] = lambda added, done: None
        self._counts = dict.fromkeys(("added", "written", "lost", "written_by_caller"), 0)

    @property
    def counts(self) -> QueryLogCounts:
        with self._changed:
            queued = len(self._entries) + len(self._writing)
            return QueryLogCounts(**self._counts, queued=queued)

    def add(self, entry: Entry) -> None:
        """Queue `entry`; with a full or closed queue, write it in the calling thread."""
        with self._changed:
            self._counts["added"] += 1
            self._tell()
            if not self._closed and len(self._entries) < self._capacity:
                self._entries.append(entry)
                self._start()
                self._changed.notify_all()
                return
            self._counts["written_by_caller"] += 1
        self._write_out([entry], attempts=1)

    def waiting(self) -> list[Entry]:
        """The entries that are not written yet, oldest first."""
        with self._changed:
            return [*self._writing, *self._entries]

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until every entry added so far is written or lost; False after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            self._flushing = True
            self._changed.notify_all()
            while self._entries or self._writing:
                remaining_s = deadline - time.monotonic()
                if remaining_s <= 0 or not self._changed.wait(remaining_s):
                    return not (self._entries or self._writing)
            return True

    def close(self, timeout_s: float = 5.0) -> None:
        """Write all entries and stop the thread; `add` then writes at once."""
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify_all()
        self.flush(timeout_s)
        if thread is not None:
            thread.join(timeout_s)
        atexit.unregister(self.close)

    def _tell(self) -> None:
        self.on_change(self._counts["added"], self._counts["written"] + self._counts["lost"])

    def _start(self) -> None:
        """Start the thread if none lives; after a fork the parent's does not live in the child."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="query-log", daemon=True)
            self._thread.start()
            atexit.unregister(self.close)
            atexit.register(self.close)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._entries:
                    self._flushing = False
                    if self._closed:
                        return
                    self._changed.wait()
                batch_at = time.monotonic() + self.interval_s
                while not self._closed and not self._flushing and len(self._entries) < self._batch:
                    remaining_s = batch_at - time.monotonic()
                    if remaining_s <= 0:
                        break
                    self._changed.wait(remaining_s)
                count = min(self._batch, len(self._entries))
                self._writing = [self._entries.popleft() for _ in range(count)]
            self._write_out(self._writing, self._attempts)
            with self._changed:
                self._writing = []
                self._changed.notify_all()

    def _write_out(self, entries: Sequence[Entry], attempts: int) -> None:
        unwritten: Sequence[Entry] = entries
        reason: Any = "refused"
        for attempt in range(attempts):
            if attempt:
                time.sleep(min(0.1 * 4**attempt, 2.0))
            try:
                unwritten = self._write(unwritten)
            except LiveIntentError as error:
                reason = error
            except Exception as error:  # else the thread would end, and later entries be lost
                logger.exception("query log: writing failed")
                reason = error
            if not unwritten:
                break
        with self._changed:
            self._counts["written"] += len(entries) - len(unwritten)
            self._counts["lost"] += len(unwritten)
            self._tell()
            waiting = len(self._entries)
        self.on_written(len(entries) - len(unwritten), len(unwritten), waiting)
        if unwritten:
            logger.warning(
                "query log: gave up on %d of %d: %s", len(unwritten), len(entries), reason
            )
