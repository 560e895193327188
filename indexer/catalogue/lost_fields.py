"""What an item loses when another takes its place."""

from dataclasses import fields

from indexer.catalogue.items import Item


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
        name: " > ".join(value) if name == "category" else str(value)
        for name, value in gone.items()
        if name != "other_categories"
    }
