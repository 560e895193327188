"""The version of a change of an item: when it was made, ms since 1970."""

import time

FIRST_VERSION, LAST_VERSION = 10**12, 10**13 - 1  # 2001 to 2286
AHEAD_MS = 24 * 3600 * 1000  # by which a version may be ahead of the clock


def ahead_of_clock(version: int) -> str:
    """Why a version is refused that would hide every change for long; "" where it is not."""
    if version <= time.time_ns() // 1_000_000 + AHEAD_MS:
        return ""
    return (
        f"version {version} is more than a day ahead of the clock here: it would hide every "
        "change until then"
    )
