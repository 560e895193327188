"""Bulk requests from background threads, so that they overlap with encoding."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from indexer.index.bulk.bulk_request import ItemWrite, WriteOutcome, send_items
from indexer.index.context import IndexContext
from plugin_config.errors import LiveIntentError

T = TypeVar("T")


class IndexDeleted(LiveIntentError):
    """The index was deleted while it was being filled."""

    exit_code = 7


class BulkWriter(Generic[T]):
    """Turns entries into writes (`make`) and sends them, behind a bounded queue."""

    def __init__(self, context: IndexContext, alias: str, make: Callable[[T], ItemWrite]) -> None:
        self.outcome = WriteOutcome()
        self._context, self._alias, self._make = context, alias, make
        settings = context.settings
        self._queue: queue.Queue[Sequence[T] | None] = queue.Queue(settings.bulk_threads)
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, name=f"bulk-{n}", daemon=True)
            for n in range(settings.bulk_threads)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, entries: Sequence[T]) -> None:
        """Queues entries; blocks while the queue is full.

        Raises what a sending thread raised: BulkError, ClusterUnavailable, IndexDeleted.
        """
        size = self._context.settings.bulk_items
        for start in range(0, len(entries), size):
            self._offer(entries[start : start + size])

    def finish(self) -> WriteOutcome:
        """Waits until everything is sent. Raises what a sending thread raised."""
        for _ in self._threads:
            self._offer(None)
        for thread in self._threads:
            while thread.is_alive():  # a join without timeout would delay signal handlers
                thread.join(timeout=0.2)
        self._check()
        return self.outcome

    def abort(self, wait_s: float = 5.0) -> None:
        """Stops sending; waits at most `wait_s` seconds for requests under way."""
        self._stop.set()
        deadline = time.monotonic() + wait_s
        for thread in self._threads:
            thread.join(timeout=max(0.0, deadline - time.monotonic()))

    def _offer(self, batch: Sequence[T] | None) -> None:
        while True:
            self._check()
            try:
                self._queue.put(batch, timeout=0.2)
            except queue.Full:
                continue
            return

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                batch = self._queue.get(timeout=0.2)
            except queue.Empty:
                continue
            if batch is None:
                return
            try:
                for writes in self._by_size(batch):
                    self._send(writes)
            except BaseException as error:
                self._error = error
                self._stop.set()
                return

    def _send(self, writes: list[ItemWrite]) -> None:
        outcome = send_items(self._context, self._alias, writes, self._stop)
        if outcome.no_index:
            raise IndexDeleted(
                f"the alias {self._alias} is gone while its index was being filled: somebody "
                "deleted it. Run the rebuild again."
            )
        outcome.created.clear()  # every id of a catalogue, in a fill
        with self._lock:
            self.outcome.add(outcome)
            self._context.progress.advance(len(writes))

    def _by_size(self, batch: Sequence[T]) -> Iterator[list[ItemWrite]]:
        limit = self._context.settings.bulk_mb * 1e6
        writes: list[ItemWrite] = []
        size = 0
        for write in map(self._make, batch):
            if writes and size + len(write.payload) > limit:
                yield writes
                writes, size = [], 0
            writes.append(write)
            size += len(write.payload)
        if writes:
            yield writes
