"""Attributes of items: their values as the catalogue has them, and the types that filters use."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from indexer.catalogue.values.text import clean, is_blank, is_no_value, read_text, shown
from plugin_config.attribute_fields import MAX_INDEXED, AttributeFields, AttributeType

Scalar = str | int | float | bool
AttributeValue = Scalar | list[Scalar]

MAX_BYTES = 8_000  # of a value; the engine refuses a term of more than 32,766
MAX_NAME = 512  # characters of a name, as many as a request may send
_NUMERAL = re.compile(
    r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?", re.ASCII
)  # no 007, no number of 20 digits
_DATE = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_FLAGS = {"true": True, "false": False}
_LARGEST_INTEGER = 2**63 - 1  # in JSON as it is written


def flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """An attribute; of an object its parts, each with its path as the name: `size.unit`.

    Of a list of objects each part is a list, of those objects that have it.
    """
    if isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        value = pairs_of(value) or _lists(value)
    if not isinstance(value, Mapping):
        yield name, value
        return
    for key, part in value.items():
        yield from flat(f"{name}.{key}", part)


def pairs_of(value: Any) -> dict[str, Any] | None:
    """Attributes of a list of {"name": ..., "value": ...}, or `options`; None if it is none."""
    if not isinstance(value, list):
        return None
    pairs: dict[str, Any] = {}
    for each in value:
        if not isinstance(each, Mapping) or not isinstance(each.get("name"), str):
            return None
        held = next((each[key] for key in ("value", "values", "options") if key in each), None)
        if held is None:
            return None
        name = each["name"]
        pairs[name] = [*_listed(pairs[name]), *_listed(held)] if name in pairs else held
    return pairs


def _lists(objects: list[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The parts of several objects, by name."""
    parts: dict[str, list[Any]] = {}
    for each in objects:
        for key, part in each.items():
            parts.setdefault(str(key), []).extend(_listed(part))
    return parts


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def read_attributes(
    raw: Mapping[str, Any],
) -> tuple[dict[str, AttributeValue], list[tuple[str, str]]]:
    """The attributes, and name and problem of each value that can't be read.

    Texts, numbers, booleans and lists of them stay what they are; blank ones are missing. The parts
    of an object are attributes of their own.
    """
    attributes: dict[str, AttributeValue] = {}
    problems: list[tuple[str, str]] = []
    for given_name, given in raw.items():
        for path, value in flat(str(given_name), given):
            name = " ".join(clean(path).split())
            if not name or is_blank(value):
                continue
            if len(name) > MAX_NAME:
                cut = f"{name[:40]}..."
                problems.append((cut, f"the name {cut} is longer than {MAX_NAME} characters"))
                continue
            many = value if isinstance(value, list) else [value]
            read = [scalar for part in many if (scalar := _scalar(part, name, problems)) != ""]
            if read and name not in attributes:
                attributes[name] = read if isinstance(value, list) else read[0]
    return attributes, problems


def _scalar(value: Any, name: str, problems: list[tuple[str, str]]) -> Scalar:
    """A value that is no list; "" for one that is blank or can't be read."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_INTEGER else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else ""
    if not isinstance(value, str):
        # A constant of a TOML file may be a date or a time.
        if hasattr(value, "isoformat"):
            return str(value.isoformat())
        problems.append((name, f"{shown(value)} is an object or a list, inside a list"))
        return ""
    text = read_text(value, f"attribute {name}")
    if len(text) * 4 > MAX_BYTES and len(text.encode()) > MAX_BYTES:
        problems.append((name, f"{text[:40]!r}... is longer than {MAX_BYTES} bytes"))
        return ""
    return text


def values_of(value: AttributeValue) -> list[Scalar]:
    """The values of an attribute, one or a list, as a list."""
    return value if isinstance(value, list) else [value]


def text_of(value: Scalar) -> str:
    """A value as text: `true`, `8`, `1.5`, whichever way a number was written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)


def as_type(value: Scalar, wanted: AttributeType) -> Scalar | None:
    """The value in a type, a date as ISO 8601; None when it does not fit.

    Texts fit where they are written like the type: "1.5", "true", "2024-01-05".
    """
    if wanted == "text":
        return text_of(value)
    if wanted == "boolean":
        return value if isinstance(value, bool) else _FLAGS.get(str(value).strip().lower())
    if wanted == "date":
        return _date(value) if isinstance(value, str) else None
    if isinstance(value, str):
        return float(value) if _NUMERAL.fullmatch(value.strip()) else None
    return None if isinstance(value, bool) else float(value)


def _date(text: str) -> str | None:
    """A date as it is, a time in UTC; None when it is neither in ISO 8601."""
    text = text.strip()
    if not _DATE.fullmatch(text):
        return None
    try:
        time = datetime.fromisoformat(text)
        if len(text) == 10:
            return text
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class AttributeSurvey:
    """Counts the values of attributes by kind, and chooses a type for each attribute.

    A text that says that there is no value (`n/a`) decides nothing.
    """

    items: Counter[str] = field(default_factory=Counter)  # by attribute
    _kinds: dict[str, Counter[AttributeType]] = field(default_factory=dict)
    _examples: dict[tuple[str, AttributeType], str] = field(default_factory=dict)

    def add(self, attributes: Mapping[str, AttributeValue]) -> None:
        """Counts one item's attributes."""
        for name, value in attributes.items():
            self.items[name] += 1
            kinds = self._kinds.setdefault(name, Counter())
            for scalar in values_of(value):
                if is_no_value(scalar):
                    continue
                kind = _kind(scalar)
                kinds[kind] += 1
                if kinds[kind] == 1:
                    self._examples[name, kind] = text_of(scalar)[:40]

    @property
    def fields(self) -> AttributeFields:
        """The types; of more than MAX_INDEXED attributes those of the most items."""
        kept = [name for name, _ in self.items.most_common(MAX_INDEXED)]
        return AttributeFields({name: self._type(name) for name in sorted(kept)})

    @property
    def mixed(self) -> dict[str, str]:
        """The attributes whose values are of several types, with the counts and an example."""
        return {
            name: ", ".join(
                f"{kind} {count} times ({self._examples[name, kind]!r})"
                for kind, count in kinds.most_common()
            )
            for name, kinds in sorted(self._kinds.items())
            if len(kinds) > 1
        }

    @property
    def shown_only(self) -> list[str]:
        """The attributes beyond MAX_INDEXED: in the hits, but no filter finds their values."""
        return sorted(name for name, _ in self.items.most_common()[MAX_INDEXED:])

    def _type(self, name: str) -> AttributeType:
        kinds = self._kinds[name]
        return next(iter(kinds)) if len(kinds) == 1 else "text"


def _kind(value: Scalar) -> AttributeType:
    kinds: tuple[AttributeType, ...] = ("boolean", "number", "date")
    return next((kind for kind in kinds if as_type(value, kind) is not None), "text")
