"""Bulk requests from threads of their own, so that they overlap with encoding."""

import queue
import threading
import time
from collections.abc import Callable

from opensearchpy import OpenSearch

from indexer.bulk import Outcome, Write, send
from indexer.settings import IndexSettings


class BulkWriter:
    """Sends writes from threads behind a bounded queue, while the caller makes more of them."""

    def __init__(
        self,
        client: OpenSearch,
        alias: str,
        settings: IndexSettings,
        written: Callable[[int], None] = lambda count: None,
    ) -> None:
        self.outcome = Outcome()
        self._client, self._alias, self._settings = client, alias, settings
        self._written = written
        self._queue: queue.Queue[list[Write] | None] = queue.Queue(settings.bulk_threads)
        self._chunk: list[Write] = []
        self._size = 0
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, name=f"bulk-{n}", daemon=True)
            for n in range(settings.bulk_threads)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, write: Write) -> None:
        """Add one; waits while the cluster is behind. Raises what a sending thread raised."""
        limit = self._settings.bulk_mb * 1e6
        if self._chunk and self._size + len(write.payload) > limit:
            self._flush()
        self._chunk.append(write)
        self._size += len(write.payload)
        if len(self._chunk) >= self._settings.bulk_items:
            self._flush()

    def finish(self) -> Outcome:
        """Send the rest and wait for every answer. Raises what a sending thread raised."""
        if self._chunk:
            self._flush()
        for _ in self._threads:
            self._offer(None)
        for thread in self._threads:
            while thread.is_alive():  # with a limit, so that a signal is seen
                thread.join(timeout=0.2)
        self._check()
        return self.outcome

    def abort(self, wait_s: float = 5.0) -> None:
        """Stop sending; waits a little for requests under way."""
        self._stop.set()
        deadline = time.monotonic() + wait_s
        for thread in self._threads:
            thread.join(timeout=max(0.0, deadline - time.monotonic()))

    def _flush(self) -> None:
        chunk, self._chunk, self._size = self._chunk, [], 0
        self._offer(chunk)

    def _offer(self, chunk: list[Write] | None) -> None:
        while True:
            self._check()
            try:
                self._queue.put(chunk, timeout=0.2)
            except queue.Full:
                continue
            return

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                chunk = self._queue.get(timeout=0.2)
            except queue.Empty:
                continue
            if chunk is None:
                return
            try:
                outcome = send(self._client, self._alias, chunk, self._settings, self._stop)
            except BaseException as error:
                self._error = error
                self._stop.set()
                return
            with self._lock:
                self.outcome.add(outcome)
                self._written(len(chunk))
