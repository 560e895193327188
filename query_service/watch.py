"""A thread that looks at something again and again, until it is closed."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)
LONGEST_END_S = 5.0  # that `close` waits for a look under way


class Watch:
    """Calls `look` after each pause, in a thread of its own. An error is logged; it goes on."""

    def __init__(
        self, name: str, look: Callable[[], object], pause_s: Callable[[], float] | float
    ) -> None:
        """`name`: of the thread, and in the log; `pause_s`: before each look."""
        self._name = name
        self._look = look
        self._pause_s = pause_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, with a pause. Once."""
        self._thread.start()

    def close(self) -> None:
        """Stop; a look that takes long goes on alone."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=LONGEST_END_S)

    @property
    def runs(self) -> bool:
        """Whether the thread lives."""
        return self._thread.is_alive()

    def closed_within(self, seconds: float) -> bool:
        """Wait so long, or until it is closed; whether it is."""
        return self._stop.wait(seconds)

    def _run(self) -> None:
        while not self._stop.wait(self._pause_s() if callable(self._pause_s) else self._pause_s):
            try:
                self._look()
            except Exception:
                log.exception("%s: a look failed", self._name)
