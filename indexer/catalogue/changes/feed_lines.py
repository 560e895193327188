"""Items and changes as lines of a change feed."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson

from indexer.catalogue.changes.item_changes import ALL_LANGUAGES, ALL_LISTS, ItemChange
from indexer.catalogue.items import Item

_EMPTY: tuple[Any, ...] = ("", None, (), [], {})


def upsert_line(item: Item, version: int) -> list[bytes]:
    """The one line that puts an item. `version`: ms since 1970."""
    values = asdict(item) | {"category": item.category_paths}
    del values["other_categories"]
    fields = {name: value for name, value in values.items() if value not in _EMPTY}
    return [_line("upsert", item.item_id, version, fields)]


def update_lines(change: ItemChange, version: int) -> list[bytes]:
    """The lines that make a change. `version`: ms since 1970, where the change has none.

    What removes all of something stands on a line before what it sets.
    """
    version = change.version or version
    values = dict(change.values)
    if "category" in values:
        first = (values["category"],) if values["category"] else ()
        values["category"] = (*first, *values.pop("other_categories", ()))
    removed = {
        name: None
        for name, everything in (("prices", ALL_LISTS), ("translations", ALL_LANGUAGES))
        if isinstance(values.get(name), Mapping) and everything in values[name]
    }
    if change.clears_attributes and change.attributes:
        removed["attributes"] = None
    for name in removed.keys() & values.keys():
        values[name] = {key: value for key, value in values[name].items() if key}
    fields = {name: None if value in _EMPTY else value for name, value in values.items()}
    if change.attributes or change.clears_attributes:
        fields["attributes"] = dict(change.attributes) or None
    lines = [removed, fields] if removed else [fields]
    return [_line("update", change.item_id, version, each) for each in lines]


def _line(op: str, item_id: str, version: int, fields: Mapping[str, Any]) -> bytes:
    named = {name: value for name, value in fields.items() if name != "item_id"}
    return orjson.dumps({"op": op, "version": version, "item_id": item_id, **named})
