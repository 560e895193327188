"""A row's JSON, also as other programs write it."""

import json
from typing import Any

import orjson

_LONGEST_INTEGER = 18  # digits that fit 64 bits


def json_value(line: bytes) -> Any:
    """The value of a line of JSON.

    NaN and Infinity, which Python and pandas write, are null; control characters inside a text and
    a mark of the byte order before it are taken. A number of any length is read.

    Raises:
        JSONDecodeError: the line is no JSON.
    """
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if b"\\ud" in line.lower():  # may be half a character, which no one can store
            raise
        try:
            text = line.decode().strip().removeprefix("\ufeff")
            return json.loads(text, strict=False, parse_constant=_nothing, parse_int=_integer)
        except (ValueError, RecursionError):
            raise error from None


def _nothing(_: str) -> None:
    return None


def _integer(digits: str) -> float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)
