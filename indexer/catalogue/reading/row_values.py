"""Parts of a row's values, and values of several columns as one."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import orjson

from indexer.catalogue.reading.mapping_file import ATTRIBUTES


def part_of(row: Mapping[str, Any], path: str) -> Any:
    """The part of a row's objects that a dotted path names; None if it is not there."""
    if path in row:
        return None  # a column of that very name comes first
    value: Any = row
    for name in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal():
            value = value[int(name)] if int(name) < len(value) else None
        elif isinstance(value, list):
            parts = [each.get(name) for each in value if isinstance(each, Mapping)]
            value = [part for part in parts if part is not None] or None
        else:
            return None
    return value


def object_of(value: Any) -> Mapping[str, Any] | None:
    """An object, also from a text that is one in JSON, as in a CSV; None for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        with suppress(orjson.JSONDecodeError):
            value = orjson.loads(value)
    return value if isinstance(value, Mapping) else None


def joined(name: str, values: list[Any]) -> Any:
    is_list = name in ("category", "identifiers") or name.endswith(".category")
    if is_list or name.startswith(ATTRIBUTES):
        parts: list[Any] = []
        for value in values:
            parts.extend(value if isinstance(value, list) else [value])
        return parts
    return " ".join(
        ", ".join(map(str, value)) if isinstance(value, list) else str(value) for value in values
    )


def is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(part, str | int | float) for part in value)
    return isinstance(value, str | int | float)
