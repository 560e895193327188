"""A circuit breaker towards one node: a node that answers nothing is asked once a second.

Without it each request waits for a hung node until its own deadline, and holds a thread meanwhile.
"""

import threading
import time
from collections.abc import Callable

FAILURES = 3  # in a row, with no answer in between
SILENT_S = 1.0  # since the first of them was sent: requests with short deadlines prove nothing
PAUSE_S = 1.0  # between the requests that try an open circuit


class CircuitBreaker:
    """Open while the node is silent. Safe to use from many threads.

    Any answer closes it, also one that refuses. While it is open, `admits` lets one request pass
    every PAUSE_S.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._silent_since = 0.0
        self._next_try = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the node has been silent for long enough."""
        silent_s = self._clock() - self._silent_since
        return self._failures >= FAILURES and silent_s >= SILENT_S

    def admits(self) -> bool:
        """Whether to send a request now."""
        with self._lock:
            if not self.is_open:
                return True
            now = self._clock()
            if now < self._next_try:
                return False
            self._next_try = now + PAUSE_S
            return True

    def answered(self) -> None:
        """Note an answer of the node."""
        self._failures = 0

    def failed(self, waited_s: float) -> None:
        """Note a request without an answer, sent `waited_s` seconds ago."""
        with self._lock:
            if self._failures == 0:
                self._silent_since = self._clock() - waited_s
            self._failures += 1
            if self._failures == FAILURES:
                self._next_try = self._clock() + PAUSE_S
