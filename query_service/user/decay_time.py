"""The time from which a visitor's behaviour is aged."""

import math

from query_service.user.visitor import Visitor

FRESH_S = 1800.0


def decay_time(visitor: Visitor, now: float) -> float:
    """Seconds since 1970: the visitor's newest activity, plus the time since then in coarse steps.

    The time since the newest activity counts as 0 below half an hour, then is rounded down to
    half an hour, one hour, two, four, ... With the plain clock, the ages, and with them the order,
    would change from page to page of one answer.
    """
    timestamps = [event.timestamp for event in visitor.events]
    timestamps += [query.timestamp for query in visitor.queries]
    if not timestamps:
        return now
    newest = max(timestamps)
    elapsed = now - newest
    if elapsed < FRESH_S:
        return newest
    return newest + FRESH_S * 2.0 ** math.floor(math.log2(elapsed / FRESH_S))
