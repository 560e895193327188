"""When the request that a thread works on must be answered: the engine gets no longer."""

import time
from contextvars import ContextVar

# time.perf_counter(); None: no limit.
ENGINE_DEADLINE: ContextVar[float | None] = ContextVar("engine_deadline", default=None)


def engine_time_left() -> float | None:
    """Seconds until ENGINE_DEADLINE, negative after it; None without one."""
    deadline = ENGINE_DEADLINE.get()
    return None if deadline is None else deadline - time.perf_counter()
