"""How large bulk requests are and how many are under way: as much as the cluster takes."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
SMALLEST_SHARE = 1 / 32  # of the most items and bytes in a request
GROWTH = 1 / 8  # of the share, after a request that was taken
REQUESTS_AFTER = 8  # requests taken in a row, one more may be under way at a time


class BulkPace:
    """Halves requests, and lets fewer be under way, when the cluster is busy; then grows slowly.

    Shared by all threads that write with one context. `stop` ends every wait.
    """

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.stop = stop or threading.Event()
        self.retries = 0  # requests that were refused in whole or in part
        self._share = 1.0
        self._allowed: int | None = None  # requests under way at a time; None: any number
        self._most = self._under_way = self._in_a_row = 0
        self._changed = threading.Condition()

    @property
    def share(self) -> float:
        """The share of the most items and bytes that a request has now."""
        return self._share

    @contextmanager
    def request(self) -> Iterator[None]:
        """A request under way, whose end `taken` or `refused` says; it may wait for others."""
        with self._changed:
            while self._allowed is not None and self._under_way >= self._allowed:
                if self.stop.is_set():
                    break
                self._changed.wait(0.2)
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def taken(self) -> None:
        """A request was taken in whole."""
        with self._changed:
            self._share = min(1.0, self._share + GROWTH)
            self._in_a_row += 1
            if self._allowed is not None and self._in_a_row % REQUESTS_AFTER == 0:
                self._allowed = self._allowed + 1 if self._allowed + 1 < self._most else None

    def refused(self) -> None:
        """A request was refused, or some of its items."""
        with self._changed:
            self.retries += 1
            self._in_a_row = 0
            self._share = max(SMALLEST_SHARE, self._share / 2)
            if self._allowed is None:
                self._allowed = self._most = self._under_way
            self._allowed = max(1, self._allowed // 2)


def wait_s(attempt: int) -> float:
    """Exponential back-off in seconds, with jitter, so that two writers don't retry together."""
    wait: float = min(FIRST_WAIT_S * 2.0**attempt, LONGEST_WAIT_S)
    return wait * random.uniform(0.75, 1.25)
