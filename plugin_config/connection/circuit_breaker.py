"""A circuit breaker towards one node: nobody waits for a node that gives no sign of life.

Without it each request waits for a hung node until its own deadline, and holds a thread meanwhile.
A node that is slow, with our own requests above all, is not hung: before the circuit opens it is
asked for a sign of life, which takes it next to no work. So is an open circuit, until it answers.
"""

import threading
import time
from collections.abc import Callable

FAILURES = 3  # in a row, with no answer in between
SILENT_S = 1.0  # since the first of them was sent: requests with short deadlines prove nothing
SIGN_OF_LIFE_S = 1.0  # in which a node that is alive says so
PAUSE_S = 1.0  # between questions for it


class CircuitBreaker:
    """Open while the node is silent. Safe to use from many threads.

    Any answer closes it, also one that refuses.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._silent_since = 0.0
        self._asked = False
        self.is_open = False

    @property
    def silent_s(self) -> float:
        """For how long the node has not answered; only while it does not."""
        return self._clock() - self._silent_since

    def answered(self) -> bool:
        """Note an answer of the node; return whether this closes the circuit."""
        self._failures = 0
        if not self.is_open:
            return False
        with self._lock:
            closes, self.is_open = self.is_open, False
            return closes

    def failed(self, waited_s: float) -> bool:
        """Note a request without an answer, sent `waited_s` seconds ago.

        Returns whether the caller has to ask the node for a sign of life, as long as `asks_on`.
        """
        with self._lock:
            if self._failures == 0:
                self._silent_since = self._clock() - waited_s
            self._failures += 1
            if self._asked or self._failures < FAILURES or self.silent_s < SILENT_S:
                return False
            self._asked = True
            return True

    def gave_no_sign(self) -> bool:
        """Note that the node gave no sign of life; return whether this opens the circuit."""
        with self._lock:
            opens = self._failures > 0 and not self.is_open
            self.is_open |= opens
            return opens

    def asks_on(self) -> bool:
        """Whether to go on asking: not if it has answered meanwhile, whatever it was asked."""
        with self._lock:
            self._asked = self.is_open
            return self._asked
