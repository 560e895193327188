"""When the request that a thread works on must be answered: the engine gets no longer."""

import math
import time
from collections.abc import Iterator
from contextvars import ContextVar

LAST_TRY_S = 0.2  # of a request's time, for its answer
_FIRST_PAUSE_S = 0.05
# time.perf_counter(); None: no limit.
ENGINE_DEADLINE: ContextVar[float | None] = ContextVar("engine_deadline", default=None)


def engine_time_left() -> float | None:
    """Seconds until ENGINE_DEADLINE, negative after it; None without one."""
    deadline = ENGINE_DEADLINE.get()
    return None if deadline is None else deadline - time.perf_counter()


def tries(until: float, longest_pause_s: float = math.inf) -> Iterator[int]:
    """Count 1, 2, ... for what is tried again until time.monotonic() is `until`; pauses double."""
    number, pause_s = 1, _FIRST_PAUSE_S
    yield number
    while time.monotonic() + pause_s <= until:
        time.sleep(pause_s)
        number, pause_s = number + 1, min(2 * pause_s, longest_pause_s)
        yield number
