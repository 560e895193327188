"""An index that live writes go to, and what it has of their items."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.catalogue.items import Item
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.context import IndexContext
from indexer.index.generations import Generation
from indexer.index.stored_items import StoredItem, read_stored


@dataclass(frozen=True)
class Target:
    """An index to write to. `strayed`: writes meant for another index reached it before."""

    generation: Generation
    alias: str
    strayed: bool

    def stored(self, context: IndexContext, ids: Sequence[str]) -> dict[str, StoredItem]:
        """What the index has of these items, by id."""
        stored = read_stored(context, self.generation.index, ids)
        if not self.strayed:
            return stored
        # A write that was meant for another index may have left that one's vector here.
        return {item_id: replace(old, vector=None) for item_id, old in stored.items()}

    def attributes(
        self, context: IndexContext, items: Sequence[Item], notes: list[str]
    ) -> AttributeSchema:
        """The index's attributes; new ones get fields. Lines on these are added to `notes`."""
        earlier = self.generation.attributes
        schema = earlier.extended(context.client, self.generation.index, items)
        notes += schema.notes(earlier, items)
        return schema
