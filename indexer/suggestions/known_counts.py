"""Counts of items that the live index of suggestions has already, of the same items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from opensearchpy.helpers import scan

from indexer.index.carry_over.beginning import checkpoints
from indexer.index.context import IndexContext
from indexer.suggestions.item_counts import ItemCount
from plugin_config.schema import META

COUNTED, WITHOUT_ITEMS = "counted", "without_items"  # in `_meta`


@dataclass(frozen=True)
class KnownCounts:
    """What the items answered before: `state` is that of the items that are counted now.

    An items index in the same state has had no write since, so that each count is the same.
    """

    state: Mapping[str, Any]
    of_texts: Mapping[str, ItemCount] = field(default_factory=dict)
    without_items: tuple[str, ...] | None = None  # words of titles; None: not known

    @classmethod
    def of(cls, context: IndexContext, items: str, *, localized: bool) -> Self:
        """Those of the live suggestions; none where the items changed since.

        `localized`: a stored count does not say of which language's fields it is, and none counts.
        Raises OpenSearchException.
        """
        client, alias = context.client, context.names.suggestions
        state = {"index": items, "writes": dict(checkpoints(context, items))}
        client.indices.refresh(index=items)  # what is counted has all of these writes
        held = client.indices.get_mapping(index=alias, ignore=[404])
        if localized or len(held) != 1:
            return cls(state)
        [mapping] = held.values()
        meta = mapping.get("mappings", {}).get("_meta", {}).get(META, {})
        if meta.get(COUNTED) != state:
            return cls(state)
        known = dict[str, ItemCount]()
        query = {"query": {"term": {"type": "query"}}, "_source": ["text", "count", "features"]}
        for hit in scan(client, index=alias, query=query, size=5000):
            source = hit["_source"]
            known[source["text"]] = ItemCount(source["count"], tuple(source["features"]))
        return cls(state, known, tuple(meta.get(WITHOUT_ITEMS, ())))

    def to_meta(self, without_items: Sequence[str]) -> dict[str, Any]:
        """As entries in the `_meta` of the suggestions, with the words without items."""
        return {COUNTED: dict(self.state), WITHOUT_ITEMS: list(without_items)}
