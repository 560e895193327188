"""Rates of requests as texts: `600/minute`, or several with semicolons."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from limits import RateLimitItem

MOST = 10**9  # requests, and seconds of a window
TEXTS_KEPT = 4096
_NO_TIME = re.compile(r"(/|per)\s*0+\s*[a-z]", re.IGNORECASE)  # which the library reads as 1


def checked_rate(text: str) -> str:
    """The text. Raises ValueError for what is no rate, or lets nothing through."""
    rates_of(text)
    return text


@lru_cache(maxsize=TEXTS_KEPT)
def rates_of(text: str) -> tuple["RateLimitItem", ...]:
    """The rates that the text names; () of none. Raises ValueError."""
    from limits import parse_many

    if not text:
        return ()
    try:
        rates = tuple(parse_many(text))
        windows_s = [rate.get_expiry() for rate in rates]
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text[:100]!r} is no rate: write 600/minute, or 10/second;600/minute"
        ) from None
    numbers = [*(rate.amount for rate in rates), *windows_s]
    if not all(0 < number <= MOST for number in numbers) or _NO_TIME.search(text):
        raise ValueError(
            f"{text[:100]!r} is no rate: it allows 1 to {MOST} requests in 1 to {MOST} seconds; "
            "write 600/minute"
        )
    return rates
