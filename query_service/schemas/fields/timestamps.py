"""Times of requests and files as timestamps: seconds since 1970."""

import math
from contextlib import suppress

from indexer.catalogue.values.text import ValueProblem
from indexer.catalogue.values.times import since_1970, to_time

EARLIEST, LATEST = 0.0, 4e9  # 1970, 2096
SECONDS_END = 1e11  # from here on a number is in milliseconds or a smaller unit


def seconds(value: object) -> float:
    """Seconds since 1970, from a number of s, ms, µs or ns, or from a text as catalogues have it.

    A text is a time in any form of `indexer.catalogue.values.times`, digits included; without a
    zone it is in UTC. Raises ValueError, whose message says what is allowed.
    """
    timestamp = math.nan
    if isinstance(value, str):
        try:
            timestamp = to_time(value, "the time").timestamp()
        except ValueProblem as problem:
            reason = str(problem).split(" Say it with ")[0]  # options of a command, not of requests
            raise ValueError(f"{reason}; write it as 2026-11-24T10:15:00Z") from None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) < SECONDS_END:
            timestamp = float(value)
        else:
            with suppress(ValueError):
                timestamp = since_1970(value).timestamp()
    if not EARLIEST <= timestamp <= LATEST:
        raise ValueError("it is ISO 8601, or seconds or ms since 1970, before 2096")
    return timestamp
