"""Adds vectors to items that a live upsert wrote without one.

An upsert during a fill can't always compute the new index's vectors: its encoder is the live
index's, or the projections are not fitted yet. It then writes the item without a vector (so that
the older row of the catalogue can't overwrite it), and the rebuild adds the vector.
"""

from collections.abc import Mapping
from typing import Any

from indexer.index.attribute_schema import AttributeSchema
from indexer.index.bulk.bulk_request import index_write, send_items
from indexer.index.context import IndexContext
from indexer.index.documents import to_document, to_stored_item
from indexer.index.item_vectors import ItemVectors
from plugin_config.schema import CHANGED_AT, VECTOR_FLOAT16

ROUNDS = 20  # of at most 500 items; each one reads what was written during the one before
_WITHOUT = {"bool": {"must_not": {"exists": {"field": VECTOR_FLOAT16}}}}


def missing_vectors(context: IndexContext, index: str) -> int:
    """How many items of a refreshed index have no vector."""
    params = {"request_timeout": context.settings.bulk_timeout_s}
    answer = context.client.count(index=index, body={"query": _WITHOUT}, params=params)
    return int(answer["count"])


def add_missing_vectors(context: IndexContext, index: str, alias: str, vectors: ItemVectors) -> int:
    """Adds missing vectors to `index`, through `alias`; returns the number of items completed."""
    client, params = context.client, {"request_timeout": context.settings.bulk_timeout_s}
    body = {"size": 500, "version": True, "query": _WITHOUT}
    added = 0
    for _ in range(ROUNDS):
        client.indices.refresh(index=index, params=params)
        hits = client.search(index=index, body=body)["hits"]["hits"]
        if not hits:
            break
        # Live upserts may have added attributes.
        mapping = client.indices.get_mapping(index=index, params=params)[index]["mappings"]
        schema = AttributeSchema.of_mapping(mapping)
        items = [to_stored_item(hit["_source"]) for hit in hits]
        # Written with the version that was read: a later upsert is not overwritten.
        writes = [
            index_write(
                item.item_id,
                to_document(item, vector, schema) | _date_of_change(hit["_source"]),
                hit["_version"],
            )
            for item, vector, hit in zip(items, vectors.encode(items), hits, strict=True)
        ]
        added += send_items(context, alias, writes).written
    return added


def _date_of_change(source: Mapping[str, Any]) -> dict[str, Any]:
    return {CHANGED_AT: source[CHANGED_AT]} if CHANGED_AT in source else {}
