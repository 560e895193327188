"""Texts and ids of a catalogue's row, and what counts as no value."""

import html
import math
import re
import reprlib
import unicodedata
from typing import Any

# Control characters other than tab and line breaks, which count as spaces.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_IN_NO_ID = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
MAX_ID = 512  # bytes, the engine's limit
MAX_TITLE = 10_000  # characters
MAX_TEXT = 100_000  # characters; analysing some millions of them takes more memory than a node has
EXACT_FLOATS = 2.0**53  # a larger float may be another whole number than the file has
# What exports write for "no value" where a number, a flag or a time is expected.
NO_VALUE = (
    "-", "--", "–", "—", "?", "n/a", "#n/a", "n.a.", "na", "nan", "nil", "none", "null",
    "undefined", "unknown", "tba", "tbd", "k.a.",
)  # fmt: skip
_NO_VALUE = frozenset(NO_VALUE)
_REPR = reprlib.Repr()  # of deep and of large values only the beginning
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 57


class ValueProblem(ValueError):
    """A value can't be read; the message is the reason in reports and in the rejects file."""


def is_blank(value: Any) -> bool:
    """Whether a value is missing: null, an empty list, or a text of spaces."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def is_no_value(value: Any) -> bool:
    """Whether a number, flag or time is missing: blank, or one of NO_VALUE."""
    return is_blank(value) or (isinstance(value, str) and value.strip().lower() in _NO_VALUE)


def shown(value: Any) -> str:
    """A value as messages quote it, cut to 60 characters."""
    text = _REPR.repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def read_text(value: Any, name: str) -> str:
    """A text in NFC without HTML entities, control characters and outer spaces; "" when blank.

    Numbers become text; a list is joined by commas. Raises ValueProblem for an object, and for more
    than MAX_TEXT characters.
    """
    if value is None:
        return ""
    if isinstance(value, list):
        if any(isinstance(part, list) for part in value):
            raise ValueProblem(f"{name} {shown(value)} is a list of lists; a text is wanted")
        return short(", ".join(filter(None, (read_text(part, name) for part in value))), name)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise ValueProblem(
            f"{name} is an object; a text is wanted: name its part with --map {name}={name}.PART"
        )
    if "&" in value:
        value = html.unescape(value)
    return short(clean(value), name)


def short(text: str, name: str, limit: int = MAX_TEXT) -> str:
    """The text itself. Raises ValueProblem for more than `limit` characters."""
    if len(text) > limit:
        raise ValueProblem(f"{name} {text[:40]}... is longer than {limit} characters")
    return text


def clean(text: str) -> str:
    """A text in NFC without control characters and outer spaces."""
    if not text.isprintable():
        text = _CONTROL.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text.strip()


def read_id(value: Any, name: str = "item_id") -> str:
    """An id, from a text or a whole number, at most 512 bytes in UTF-8.

    A text stays exactly as it is, without outer spaces; 2.0 is 2. Raises ValueProblem.
    """
    if is_blank(value):
        raise ValueProblem(f"{name} is missing")
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        if abs(value) >= EXACT_FLOATS:
            raise ValueProblem(f"{name} {value!r} is too large for a number: write it as a text")
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueProblem(f"{name} {shown(value)} is neither a text nor a whole number")
    text = str(value).strip()
    if _IN_NO_ID.search(text):
        raise ValueProblem(f"{name} {shown(text)} holds control characters or line breaks")
    if len(text.encode()) > MAX_ID:
        raise ValueProblem(f"{name} {text[:40]}... is longer than {MAX_ID} bytes")
    return text
