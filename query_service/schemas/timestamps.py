"""Times of requests and files as timestamps: seconds since 1970."""

import math
from datetime import UTC, datetime

# Numbers above this are milliseconds since 1970; as seconds they would lie after the year 5000.
SECONDS_END = 1e11
EARLIEST, LATEST = 0.0, 4e9  # 1970, 2096


def seconds(value: object) -> float:
    """Seconds since 1970 of an ISO 8601 time (without a zone: UTC), or of a number of s or ms.

    Raises ValueError, whose message says what is allowed.
    """
    timestamp = math.nan
    if isinstance(value, str):
        try:
            time = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError("it is not a time as 2026-11-24T10:15:00Z") from None
        timestamp = (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        timestamp = value / 1000 if abs(value) >= SECONDS_END else float(value)
    if not EARLIEST <= timestamp <= LATEST:
        raise ValueError("it is ISO 8601, or seconds or ms since 1970, before 2096")
    return timestamp
