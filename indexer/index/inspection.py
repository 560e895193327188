"""Checks of a filled index: its exact count, and a few of its vectors."""

from collections.abc import Iterable, Sequence

from opensearchpy import OpenSearch
from opensearchpy.helpers import scan

from indexer.bundle.projections import Vectors
from indexer.catalogue.items import Item
from indexer.index.bulk import WriteOutcome, delete_write, send_items
from indexer.index.construction import NewIndex
from indexer.index.context import IndexContext
from indexer.index.documents import from_float16_base64
from plugin_config.errors import LiveIntentError
from plugin_config.schema import VECTOR, VECTOR_FLOAT16

PROBES = 3  # k-NN searches for an item by its own vector


class IndexNotWhole(LiveIntentError):
    """Items or vectors are missing; the alias was not moved."""

    exit_code = 7


def check_count(
    context: IndexContext, new: NewIndex, ids: Iterable[str], items: int, outcome: WriteOutcome
) -> int:
    """Checks that every item of the catalogue (`ids`, `items` of them) is in the index.

    Returns the index's count. After live writes during the fill a count proves nothing: then
    every id is looked up, and a missing one must have been deleted by a newer write. Raises
    IndexNotWhole with both counts.
    """
    client, index, settings = context.client, new.name, context.settings
    params = {"request_timeout": settings.bulk_timeout_s}
    client.indices.refresh(index=index, params=params)
    count = int(client.count(index=index, params=params)["count"])
    stats = client.indices.stats(index=index, metric="indexing", params=params)
    operations = stats["_all"]["primaries"]["indexing"]
    alone = operations["index_total"] == outcome.written and not operations["delete_total"]
    if count == items and alone and not outcome.superseded:
        return count
    query = {"query": {"match_all": {}}, "version": True, "_source": False}
    present = {hit["_id"] for hit in scan(client, index=index, query=query, size=5000)}
    missing = [item_id for item_id in ids if item_id not in present]
    lost: list[str] = []
    for start in range(0, len(missing), settings.bulk_items):
        # Deleting an absent id with the fill's version is refused (superseded) only where the
        # index remembers a newer deletion: the other ids were lost.
        batch = missing[start : start + settings.bulk_items]
        deletions = [delete_write(item_id, new.version) for item_id in batch]
        lost += send_items(context, new.alias, deletions).not_found
    if lost:
        shown = ", ".join(lost[:5]) + (", ..." if len(lost) > 5 else "")
        raise IndexNotWhole(
            f"the catalogue has {items} items, the index {index} {count}: {len(lost)} are missing "
            f"({shown}). The alias was not moved; run the rebuild again."
        )
    return count


def check_vectors(
    client: OpenSearch, new: NewIndex, expected: Sequence[tuple[Item, Vectors]]
) -> None:
    """Checks that items' stored vectors are the `expected` ones, and that k-NN finds them.

    Items that a live upsert changed during the fill are left out. Raises IndexNotWhole.
    """
    index = new.name
    vectors = {item.item_id: vector for item, vector in expected if vector.any()}
    body = {
        "size": len(vectors),
        "version": True,
        "_source": False,
        "docvalue_fields": [VECTOR_FLOAT16],
        "query": {"ids": {"values": list(vectors)}},
    }
    hits = client.search(index=index, body=body)["hits"]["hits"] if vectors else []
    unchanged = {hit["_id"]: hit for hit in hits if hit["_version"] == new.version}
    for item_id, hit in unchanged.items():
        stored = from_float16_base64(hit.get("fields", {}).get(VECTOR_FLOAT16, [""])[0])
        vector = vectors[item_id]
        if stored.shape != vector.shape or float(stored @ vector) < 0.998 * float(vector @ vector):
            raise IndexNotWhole(
                f"the index {index} holds another vector for item {item_id} than was computed. "
                "The alias was not moved; run the rebuild again."
            )
    matches, probes = 0, list(unchanged)[:PROBES]
    for item_id in probes:
        vector = vectors[item_id]
        query = {"knn": {VECTOR: {"vector": vector.tolist(), "k": 10}}}
        response = client.search(index=index, body={"size": 1, "_source": False, "query": query})
        best = response["hits"]["max_score"] or 0.0
        matches += best >= 1.0 + float(vector @ vector) - 0.01  # innerproduct scores 1 + s
    if matches * 2 < len(probes):
        raise IndexNotWhole(
            f"k-NN on the index {index} found {matches} of {len(probes)} items by their own "
            "vectors. The alias was not moved; run the rebuild again."
        )
