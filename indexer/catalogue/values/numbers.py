"""Numbers as catalogues write them, and the rule for points and commas."""

import math
import re
import unicodedata
from typing import Any, Literal

from indexer.catalogue.values.text import ValueProblem, is_no_value, shown

MAX_NUMBER = 1e12  # the index stores float32; a larger number is a mistake in a catalogue
DecimalSign = Literal["", ".", ","]
# Digits with separators between them; a space separates only three digits.
NUMBER = re.compile(
    r"(?:\d(?:[.,'’]?\d| (?=\d{3}(?!\d))\d)*|(?<!\d)[.,]\d+)(?:e[+-]?\d{1,3}(?![^\W_]))?",
    re.IGNORECASE,
)
_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")
_ARABIC = str.maketrans({"٫": ".", "٬": ",", "−": "-", "’": "'", "`": "'", "´": "'"})
DECIMAL_RULE = (
    "The last of two different signs is the decimal sign (`1.299,00`, `1,299.00`); a sign that "
    "comes twice groups thousands (`1.299.000`). One sign before exactly three digits is decided "
    "so: `--decimal-sign` if given; else a point is the decimal sign in a bare number and groups "
    "thousands beside a currency (`1.299` is 1.299, `1.299 €` is 1299), unless that has three "
    "decimals (`2.500 KWD` is 2.5); a comma groups thousands (`1,299` is 1299)."
)


def plain(text: str) -> str:
    """A text in compatibility form (full width becomes half width), with plain spaces and signs."""
    text = text.translate(_ARABIC)
    text = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return _SPACES.sub(" ", text).strip()


def to_number(token: str, sign: DecimalSign = "", decimals: int | None = None) -> float:
    """The number of one match of NUMBER; `decimals` of its currency, None without a currency.

    Raises ValueError when its separators fit no way of writing numbers.
    """
    digits, _, exponent = token.lower().partition("e")
    ungrouped = re.sub(r"(?<=\d)[' ](?=\d{3}(?!\d))", "", digits)
    if "'" in ungrouped or " " in ungrouped:
        raise ValueError("its digits are not grouped by three")
    is_grouped = ungrouped != digits
    signs = [each for each in ungrouped if each in ".,"]
    if not signs:
        number = ungrouped
    elif len(set(signs)) == 2 or is_grouped:
        number = _decimal(ungrouped, signs[-1])
    elif len(signs) > 1:
        number = _groups(ungrouped, signs[0])
    elif _is_group(ungrouped, signs[0], sign, decimals):
        number = ungrouped.replace(signs[0], "")
    else:
        number = _decimal(ungrouped, signs[0])
    return float(number + ("e" + exponent if exponent else ""))


def _is_group(text: str, mark: str, sign: DecimalSign, decimals: int | None) -> bool:
    """Whether a single `mark` groups thousands: DECIMAL_RULE."""
    head, _, tail = text.partition(mark)
    if len(tail) != 3 or not 1 <= len(head) <= 3 or head.startswith("0"):
        return False
    if sign:
        return mark != sign
    if decimals is None:
        return mark == ","
    return decimals != 3


def _decimal(text: str, mark: str) -> str:
    head, _, tail = text.rpartition(mark)
    other = "," if mark == "." else "."
    if mark in head:
        raise ValueError("the decimal sign comes twice")
    return f"{_groups(head, other) if other in head else head or '0'}.{tail}"


def _groups(text: str, mark: str) -> str:
    """Thousands by three digits, or by two before the last three (12,34,567 in India)."""
    first, *others = text.split(mark)
    well_formed = (
        1 <= len(first) <= 3
        and all(2 <= len(group) <= 3 for group in others)
        and len(others[-1]) == 3
    )
    if not well_formed:
        raise ValueError("its digits are not grouped by three")
    return first + "".join(others)


def in_range(number: float, value: Any, name: str) -> float:
    """The number, if it is finite, >= 0 and not beyond MAX_NUMBER. Raises ValueProblem."""
    if not math.isfinite(number) or number > MAX_NUMBER:
        raise ValueProblem(f"{name} {shown(value)} is out of range (0 to {MAX_NUMBER:g})")
    if number < 0:
        raise ValueProblem(f"{name} {shown(value)} is negative")
    return number


def from_json(value: Any, name: str) -> float:
    """A JSON number. Raises ValueProblem for anything else, and out of range."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueProblem(f"{name} {shown(value)} is not a number")
    try:
        return in_range(float(value), value, name)
    except OverflowError:
        raise ValueProblem(f"{name} {shown(value)} is out of range") from None


def read_number(value: Any, name: str, sign: DecimalSign = "") -> float | None:
    """A finite number >= 0, from a JSON number or a text as DECIMAL_RULE has it; None: no value.

    Raises ValueProblem.
    """
    if is_no_value(value):
        return None
    if not isinstance(value, str):
        return from_json(value, name)
    text = plain(value)
    negative = text.startswith("-")
    text = text.lstrip("+-").lstrip()
    try:
        if not NUMBER.fullmatch(text):
            raise ValueError  # noqa: TRY301
        number = to_number(text, sign)
    except ValueError:
        raise ValueProblem(f"{name} {shown(value)} is not a number") from None
    return in_range(-number if negative and number else number, value, name)
