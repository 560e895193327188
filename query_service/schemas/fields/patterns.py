"""The patterns of texts in requests, and what they mean in words, for messages."""

from collections.abc import Mapping
from typing import Any

ID = r"^[^\s\x00-\x1f\x7f]+$"
PRICE_LIST = r"^[A-Za-z0-9_-]{1,32}$"
RULE_ID = r"^[A-Za-z0-9_.-]{1,64}$"
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
ADDRESS = r"^(https?://[^\s/][^\s]*|/|/[^\s/\\][^\s]*)$"
TIME = r"^[12]\d\d\d-[01]\d-[0-3]\d([T ].*)?$"
_MEANINGS = {
    ID: "an id without spaces and control characters is wanted",
    PRICE_LIST: "the name of a price list has 1 to 32 letters (a to z), digits, - and _",
    RULE_ID: "the id of a rule has 1 to 64 letters (a to z), digits, -, _ and .",
    ONE_LINE: "a text without line breaks and control characters is wanted",
    ADDRESS: "a path of the shop (/pages/sale) or an address (https://shop.example/) is wanted",
    TIME: "a date or a time is wanted: 2026-01-31, or 2026-01-31T10:00:00",
}
_WORDS = {  # by the type of an error of pydantic
    "extra_forbidden": "there is no such field",
    "missing": "it is missing, and required",
}


def in_words(detail: Mapping[str, Any]) -> str:
    """What an error of pydantic says; of a pattern, a wrong and a missing field what it means."""
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "string_pattern_mismatch":
        return _MEANINGS.get(detail["ctx"]["pattern"], message)
    return _WORDS.get(str(detail["type"]), message)
