"""One value of a catalogue's row: text, number, price, flag or time, read strictly."""

import html
import math
import re
from datetime import UTC, datetime
from typing import Any

# Control characters other than tab and line breaks, which count as spaces.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NUMBER = re.compile(r"[+-]?(\d[\d.,'’\u00a0\u202f ]*|\.\d+)([eE][+-]?\d{1,3})?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?([eE][+-]?\d+)?")
_GROUPED_BY_POINTS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?([eE][+-]?\d+)?")
_SYMBOLS = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW"}
_LETTER_SYMBOLS = frozenset(("kr", "kr.", "R", "R$", "A$", "C$", "US$", "Rs", "Rs.", "Ft", "lei"))
_AROUND = re.compile(r"^([^\d.,+\-\s]{0,4})\s*([+-]?[\d.,].*?)\s*([^\d.,\s]{0,4})$")
_TRUE = frozenset(("true", "t", "yes", "y", "1", "in stock", "in_stock", "instock", "available"))
_FALSE = frozenset(
    ("false", "f", "no", "n", "0", "out of stock", "out_of_stock", "outofstock", "unavailable")
)
MAX_NUMBER = 1e12  # the index stores float32; a larger number is a mistake in a catalogue


class ValueProblem(ValueError):
    """A value can't be read; the message is the reason in the rejects file."""


def is_blank(value: Any) -> bool:
    """Whether a value is missing: null, an empty list, or a text of spaces."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def read_text(value: Any, name: str) -> str:
    """A text without HTML entities, control characters and outer spaces; "" when blank.

    Numbers become text; a list is joined by commas. Raises ValueProblem for an object.
    """
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(filter(None, (read_text(part, name) for part in value)))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise ValueProblem(f"{name} is an object; a text is wanted")
    if "&" in value:
        value = html.unescape(value)
    if not value.isprintable():
        value = _CONTROL.sub("", value)
    return str(value).strip()


def read_id(value: Any) -> str:
    """An item's id, from a text or a whole number, at most 512 bytes in UTF-8 (the engine's limit).

    Raises ValueProblem.
    """
    if is_blank(value):
        raise ValueProblem("item_id is missing")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueProblem(f"item_id {value!r} is neither a text nor a whole number")
    text = str(value).strip()
    if not text.isprintable():
        raise ValueProblem(f"item_id {text!r} holds control characters or line breaks")
    if len(text.encode()) > 512:
        raise ValueProblem(f"item_id {text[:40]}... is longer than 512 bytes")
    return text


def read_number(value: Any, name: str) -> float | None:
    """A finite number >= 0, from `1,049.00`, `1.049,00`, `1 049` or a JSON number; None: blank.

    A single comma before three digits separates thousands, else it is the decimal point; a single
    point is always the decimal point. Raises ValueProblem.
    """
    if is_blank(value):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueProblem(f"{name} {value!r} is not a number")
    number = _parse_number(value.strip(), name) if isinstance(value, str) else float(value)
    if not math.isfinite(number) or number > MAX_NUMBER:
        raise ValueProblem(f"{name} {value!r} is out of range (0 to {MAX_NUMBER:g})")
    if number < 0:
        raise ValueProblem(f"{name} {value!r} is negative")
    return number


def read_price(value: Any) -> tuple[float | None, str]:
    """A price, and the currency of its symbol ("" without one, or when it is ambiguous).

    Raises ValueProblem for a text that is not a number, and for a negative number.
    """
    if not isinstance(value, str) or is_blank(value):
        return read_number(value, "price"), ""
    match = _AROUND.match(value.strip())
    if match is None:
        raise ValueProblem(f"price {value!r} is not a number")
    before, digits, after = match.groups()
    symbol = before or after
    is_code = re.fullmatch("[A-Z]{3}", symbol) is not None
    is_word = symbol.isascii() and re.search("[A-Za-z0-9]", symbol)
    if is_word and not is_code and symbol not in _LETTER_SYMBOLS:
        raise ValueProblem(f"price {value!r} is not a number")
    return read_number(digits, "price"), _SYMBOLS.get(symbol, symbol if is_code else "")


def read_flag(value: Any, name: str) -> bool | None:
    """True or False, from the usual spellings; None when blank. Raises ValueProblem."""
    if is_blank(value):
        return None
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueProblem(f"{name} {value!r} is neither true nor false")


def read_time(value: Any, name: str) -> str | None:
    """A time in UTC as `2026-11-24T10:15:00Z`, from ISO 8601 or seconds or ms since 1970.

    None when blank; a time without a zone is taken as UTC. Raises ValueProblem.
    """
    if is_blank(value):
        return None
    if isinstance(value, bool):
        raise ValueProblem(f"{name} {value!r} is not a time in ISO 8601")
    try:
        if isinstance(value, str) and not value.strip().isdigit():
            time = datetime.fromisoformat(value.strip())
        else:
            seconds = float(value)
            time = datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        raise ValueProblem(f"{name} {value!r} is not a time in ISO 8601") from None
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    unit = "milliseconds" if time.microsecond else "seconds"
    return time.isoformat(timespec=unit).replace("+00:00", "Z")


def _parse_number(text: str, name: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueProblem(f"{name} {text!r} is not a number")
    plain = re.sub(r"['’\u00a0\u202f ]", "", text)
    point, comma = plain.rfind("."), plain.rfind(",")
    if _GROUPED.fullmatch(plain):  # 1,049.00 or 1,234,567 (12,34,567 in India)
        plain = plain.replace(",", "")
    elif _GROUPED_BY_POINTS.fullmatch(plain) and (comma > 0 or plain.count(".") > 1):
        plain = plain.replace(".", "").replace(",", ".")  # 1.049,00 or 1.234.567
    elif point < 0:
        plain = plain.replace(",", ".", 1)  # 12,99
    try:
        return float(plain)
    except ValueError:
        raise ValueProblem(f"{name} {text!r} is not a number") from None
