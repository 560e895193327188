"""Two calls in turns: the medians of their times."""

import statistics
import time
from collections.abc import Callable


def medians_ms(pairs: int, *calls: Callable[[], object]) -> tuple[float, ...]:
    """The median time of each call, ms; they take turns, so that the machine's load is shared."""
    times: tuple[list[float], ...] = tuple([] for _ in calls)
    for _ in range(pairs):
        for call, taken in zip(calls, times, strict=True):
            started = time.perf_counter()
            call()
            taken.append((time.perf_counter() - started) * 1000)
    return tuple(map(statistics.median, times))
