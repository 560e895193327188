"""Whether requests can be answered: looked at in the background, so that a probe never waits."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from plugin_config.connection.engine_deadline import ENGINE_DEADLINE
from query_service.watch import Watch

CHECK_S = 2.0  # for the requests of one check
STALE_S = 5.0  # a result that is older by more than the interval says nothing


@dataclass(frozen=True)
class Readiness:
    """Whether requests can be answered, and the result of each check."""

    ok: bool
    checks: dict[str, str]


class ReadinessWatch:
    """Runs `check` every `interval_s` seconds in a thread, and holds its last result."""

    def __init__(self, check: Callable[[], Readiness], interval_s: float) -> None:
        self._check = check
        self._interval_s = interval_s
        self._latest: tuple[float, Readiness] | None = None
        self._watch = Watch("readiness", self._look, interval_s)

    def start(self) -> None:
        """Check now, then go on in the thread."""
        self._look()
        self._watch.start()

    def close(self) -> None:
        """Stop the thread."""
        self._watch.close()

    def latest(self) -> Readiness:
        """The last result; of a check that is made now where the thread does not run."""
        if self._latest is None or not self._watch.runs:
            return self._look()
        checked_at, readiness = self._latest
        age_s = time.monotonic() - checked_at
        if age_s > self._interval_s + STALE_S:
            return Readiness(False, readiness.checks | {"check": f"no result for {age_s:.0f} s"})
        return readiness

    def _look(self) -> Readiness:
        before = ENGINE_DEADLINE.get()
        ENGINE_DEADLINE.set(time.perf_counter() + CHECK_S)
        try:
            readiness = self._check()
        finally:
            ENGINE_DEADLINE.set(before)
        self._latest = (time.monotonic(), readiness)
        return readiness
