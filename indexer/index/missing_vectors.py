"""Gives a vector to items that a live upsert left in an index without one.

An upsert during a fill can't always compute the new index's vectors: its encoder is the live
index's, or the projections are not fitted yet. It then writes the item without a vector (so that
the older row of the catalogue can't overwrite it), and the rebuild completes it here.
"""

from collections.abc import Sequence

from opensearchpy import OpenSearch

from indexer.bundle.model_bundle import item_vectors
from indexer.bundle.projections import Projections
from indexer.index.bulk import index_write, send
from indexer.index.documents import to_document, to_stored_item
from indexer.index.fill import ItemEncoder
from indexer.settings import IndexSettings
from plugin_config.schema import VECTOR_FLOAT16

ROUNDS = 20  # each one sees what arrived during the one before


def adopt(
    client: OpenSearch,
    index: str,
    alias: str,
    encoder: ItemEncoder,
    projections: Projections | None,
    settings: IndexSettings,
) -> int:
    """Encodes what has no vector in `index`, by way of `alias`; returns how many items."""
    adopted = 0
    for _ in range(ROUNDS):
        client.indices.refresh(index=index, params={"request_timeout": settings.bulk_timeout_s})
        hits = _without_vector(client, index)
        if not hits:
            break
        items = [to_stored_item(hit["_source"]) for hit in hits]
        embeddings = encoder.encode_items([item.text for item in items])
        vectors = item_vectors(embeddings, projections, [item.item_id for item in items])
        # with the version that was read: an upsert that came in meanwhile stays
        writes = [
            index_write(item.item_id, to_document(item, vector), hit["_version"])
            for item, vector, hit in zip(items, vectors, hits, strict=True)
        ]
        adopted += send(client, alias, writes, settings).written
    return adopted


def _without_vector(client: OpenSearch, index: str) -> Sequence[dict]:  # type: ignore[type-arg]
    body = {
        "size": 500,
        "version": True,
        "query": {"bool": {"must_not": {"exists": {"field": VECTOR_FLOAT16}}}},
    }
    found: Sequence[dict] = client.search(index=index, body=body)["hits"]["hits"]  # type: ignore[type-arg]
    return found
