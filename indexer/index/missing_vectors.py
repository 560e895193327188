"""Gives a vector to items that a live upsert left in an index without one.

An upsert during a fill can't always compute the new index's vectors: its encoder is the live
index's, or the projections are not fitted yet. It then writes the item without a vector (so that
the older row of the catalogue can't overwrite it), and the rebuild completes it here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from opensearchpy import OpenSearch

from indexer.index.bulk import index_write, send_items
from indexer.index.context import IndexContext
from indexer.index.documents import to_document, to_stored_item
from indexer.index.item_vectors import ItemVectors
from plugin_config.schema import VECTOR_FLOAT16

ROUNDS = 20  # each one sees what arrived during the one before


def add_missing_vectors(context: IndexContext, index: str, alias: str, vectors: ItemVectors) -> int:
    """Encodes what has no vector in `index`, by way of `alias`; returns how many items."""
    added, params = 0, {"request_timeout": context.settings.bulk_timeout_s}
    for _ in range(ROUNDS):
        context.client.indices.refresh(index=index, params=params)
        hits = _without_vector(context.client, index)
        if not hits:
            break
        items = [to_stored_item(hit["_source"]) for hit in hits]
        # with the version that was read: an upsert that came in meanwhile stays
        writes = [
            index_write(item.item_id, to_document(item, vector), hit["_version"])
            for item, vector, hit in zip(items, vectors.encode(items), hits, strict=True)
        ]
        added += send_items(context, alias, writes).written
    return added


def _without_vector(client: OpenSearch, index: str) -> Sequence[Mapping[str, Any]]:
    body = {
        "size": 500,
        "version": True,
        "query": {"bool": {"must_not": {"exists": {"field": VECTOR_FLOAT16}}}},
    }
    hits: Sequence[Mapping[str, Any]] = client.search(index=index, body=body)["hits"]["hits"]
    return hits
