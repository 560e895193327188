"""The parsers of `facetFilters` and `numericFilters`: lists of conditions, OR in inner lists.

["brand:Acme", ["colour:red", "colour:-blue"]]      Acme AND (red OR NOT blue)
"""

import re
from collections.abc import Callable
from typing import Any, cast

import orjson

from query_service.instantsearch.conditions import (
    Between,
    Compares,
    Condition,
    Equals,
    Operator,
    RequestMalformed,
    Without,
    either,
    every,
)
from query_service.instantsearch.filter_expression import number_of

_COMPARISON = re.compile(r"\s*(?P<name>.+?)\s*(?P<operator><=|>=|!=|=|<|>)\s*(?P<number>[^<>=!]+)")
_RANGE = re.compile(r"\s*(?P<name>.+?)\s*:\s*(?P<low>\S+)\s+TO\s+(?P<high>\S+)\s*")
MAX_NESTING = 5


def parse_facet_filters(value: Any) -> Condition | None:
    """The condition of `facetFilters`; None for none. Raises RequestMalformed."""
    return _conjunction(_json(value, "facetFilters"), "facetFilters", _facet_filter)


def parse_numeric_filters(value: Any) -> Condition | None:
    """The condition of `numericFilters`; None for none. Raises RequestMalformed."""
    return _conjunction(_json(value, "numericFilters"), "numericFilters", _numeric_filter)


def _json(value: Any, name: str) -> Any:
    """A list that came as JSON text, or as texts that commas separate, as the list."""
    if not isinstance(value, str):
        return value
    if not value.strip().startswith("["):
        return [part for part in value.split(",") if part.strip()]
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise RequestMalformed(f"{name}: it is no JSON list: {error}") from None


def _conjunction(value: Any, name: str, parse: Callable[[str], Condition]) -> Condition | None:
    if value is None or value == []:
        return None
    if not isinstance(value, list):
        raise RequestMalformed(f"{name}: a list is wanted")
    parts = [part for each in value if (part := _part(each, name, parse, 1)) is not None]
    return every(parts) if parts else None


def _part(value: Any, name: str, parse: Callable[[str], Condition], level: int) -> Condition | None:
    """A condition, or a list: OR on the first level, AND and OR in turn below it."""
    if isinstance(value, str):
        return parse(value)
    if not isinstance(value, list) or level > MAX_NESTING:
        raise RequestMalformed(
            f"{name}: it has texts, and lists of them at most {MAX_NESTING} deep; {value!r:.60}"
        )
    parts = [part for each in value if (part := _part(each, name, parse, level + 1)) is not None]
    if not parts:
        return None
    return either(parts) if level % 2 else every(parts)


def _facet_filter(text: str) -> Condition:
    """`attribute:value`; `attribute:-value` excludes; `attribute:\\-value` has a dash."""
    attribute, colon, value = text.partition(":")
    attribute, value = attribute.strip(), value.strip()
    negated = attribute.startswith("-") or value.startswith("-")
    attribute = attribute.removeprefix("-")
    value = value[1:] if value.startswith(("-", "\\-")) and not text.startswith("-") else value
    if not (attribute and colon and value):
        raise RequestMalformed(
            f"facetFilters: {text!r:.80}: write attribute:value (tags are not supported)"
        )
    value = re.sub(r"^([\"'])(.*)\1$", r"\2", value)
    condition = Equals(attribute, value)
    return Without(condition) if negated else condition


def _numeric_filter(text: str) -> Condition:
    """`price>=10`, `price:10 TO 20`."""
    if match := _RANGE.fullmatch(text):
        where = f"numericFilters: {match['name']}"
        return Between(
            match["name"], number_of(match["low"], where), number_of(match["high"], where)
        )
    match = _COMPARISON.fullmatch(text)
    if match is None:
        raise RequestMalformed(f"numericFilters: {text!r:.80}: write price>=10 or price:10 TO 20")
    number = number_of(match["number"], f"numericFilters: {match['name']}")
    return Compares(match["name"], cast(Operator, match["operator"]), number)
