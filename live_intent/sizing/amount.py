"""Amounts on the command line: `100M` items."""

import re

from plugin_config.errors import SettingsError

UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9}
MOST = 10**12
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)([KMB]?)", re.IGNORECASE)


def amount(text: str, option: str) -> int:
    """A whole number from `20000`, `20K`, `1.5M` or `1B`.

    Raises SettingsError for anything else, for 0, and for more than MOST.
    """
    found = _AMOUNT.fullmatch(text.strip())
    number = round(float(found[1]) * UNITS[found[2].upper()]) if found else 0
    if not 1 <= number <= MOST:
        raise SettingsError(
            f"{option} {text}: allowed is a number from 1 to {MOST:,}, written with digits and K, "
            "M or B for thousands, millions and billions, without spaces: 20000, 1.5M, 100M, 1B"
        )
    return number


def shown(number: float) -> str:
    """A number with three digits and K, M or B."""
    for unit, size in reversed(UNITS.items()):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.3g}"
