"""What an item loses when another takes its place."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from indexer.catalogue.items import Item
from indexer.catalogue.translations import Translation


def vanished(before: Item, after: Item) -> dict[str, str]:
    """What `after` lacks of `before`, by field (`attributes.NAME`), with the old value in words.

    `available` too, where an item that was not available now is.
    """
    names = [f.name for f in fields(Item) if f.name not in ("item_id", "attributes", "available")]
    gone = {
        name: getattr(before, name)
        for name in names
        if getattr(before, name) and not getattr(after, name)
    }
    gone |= {
        f"attributes.{name}": value
        for name, value in before.attributes.items()
        if name not in after.attributes
    }
    if after.available and not before.available:
        gone["available"] = "false became true"
    return {
        name: " > ".join(value) if name == "category" else _in_words(value)
        for name, value in gone.items()
        if name != "other_categories"
    }


def _in_words(value: Any) -> str:
    """A value as a catalogue has it; of translations the languages with their titles."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_in_words(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_in_words, value))
    if isinstance(value, Translation):
        return value.title or "no title"
    return str(value).lower() if isinstance(value, bool) else str(value)
