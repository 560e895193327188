"""Checks of a filled index: its exact count, and a few of its vectors."""

import time
from collections.abc import Callable, Container, Iterable, Sequence

from opensearchpy import OpenSearch
from opensearchpy.helpers import scan

from indexer.bundle.projections import Vectors
from indexer.catalogue.item_lines import ItemLines
from indexer.catalogue.items import Item
from indexer.index.bulk.bulk_request import WriteOutcome
from indexer.index.carry_over.deletions import deleted_versions
from indexer.index.context import IndexContext
from indexer.index.documents import from_float16_base64, to_stored_item
from indexer.index.generations import NewIndex
from indexer.index.stored_items import read_versions
from plugin_config.errors import LiveIntentError
from plugin_config.schema import VECTOR, VECTOR_FLOAT16

LOOKED_UP = 1000  # missing items, one by one
WRITING_S = 10.0  # in which a live writer that deleted an item may write it again
PROBES = 3  # k-NN searches for an item by its own vector


class IndexNotWhole(LiveIntentError):
    """Items or vectors are missing; the alias was not moved."""

    exit_code = 7


def check_count(
    context: IndexContext,
    new: NewIndex,
    ids: Iterable[str],
    outcome: WriteOutcome,
    delete: Callable[[], Container[str]],
) -> int:
    """Checks that every item of the catalogue (`ids`) is in the index; returns the index's count.

    `outcome` is that of the fill. If others wrote too, every id is looked up: only an item that a
    live write deleted may be absent. `delete` deletes these, and returns their ids. Raises
    IndexNotWhole with both counts.
    """
    client, index = context.client, new.name
    params = {"request_timeout": context.settings.bulk_timeout_s}
    client.indices.refresh(index=index, params=params)
    count = int(client.count(index=index, params=params)["count"])
    stats = client.indices.stats(index=index, metric="indexing", params=params)
    operations = stats["_all"]["primaries"]["indexing"]
    alone = operations["index_total"] == outcome.written and not operations["delete_total"]
    whole = count == outcome.written and alone and not outcome.superseded
    query = {"query": {"match_all": {}}, "_source": False}
    with ItemLines() as present:
        for hit in () if whole else scan(client, index=index, query=query, size=5000):
            present.put(hit["_id"])
        # Deletions are read after that: whoever deleted an item meanwhile had written it down
        # before.
        deleted = delete()
        if whole and not deleted:
            return count
        items, missing, lost = 0, 0, list[str]()
        for item_id in () if whole else ids:
            items += 1
            if item_id not in present and item_id not in deleted:
                missing += 1
                lost = [*lost, item_id][:LOOKED_UP]
    if 0 < missing <= LOOKED_UP:
        lost = _not_written_live(context, index, lost)
        missing = len(lost)
    if missing:
        shown = ", ".join(lost[:5]) + (", ..." if missing > 5 else "")
        raise IndexNotWhole(
            f"the catalogue has {items} items, the index {index} {count}: {missing} are missing "
            f"({shown}). The alias was not moved; run the rebuild again."
        )
    client.indices.refresh(index=index, params=params)
    return int(client.count(index=index, params=params)["count"])


def _not_written_live(context: IndexContext, index: str, ids: list[str]) -> list[str]:
    """The ids that are still missing, and that no live writer deleted or is just writing again.

    A writer that repeats old deletions (a feed that goes on after a crash) records none again.
    """
    ends_at = time.monotonic() + WRITING_S
    while True:
        there = read_versions(context, index, ids)
        ids = [item_id for item_id in ids if item_id not in there]
        deletions = deleted_versions(context, ids)
        live = read_versions(context, context.names.items, ids)
        ids = [item_id for item_id in ids if item_id not in deletions or item_id in live]
        if not ids or not deletions or time.monotonic() > ends_at:
            return ids
        time.sleep(0.2)


def check_vectors(
    client: OpenSearch,
    new: NewIndex,
    expected: Sequence[tuple[Item, Vectors]],
    *,
    quantized: bool = False,
) -> None:
    """Checks that items' stored vectors are the `expected` ones, and that k-NN finds them.

    `expected`: items with their g_i, float32 [dims]. `quantized`: k-NN compares rounded vectors,
    whose inner products differ more. Items whose text a live write changed are left out. Raises
    IndexNotWhole.
    """
    index = new.name
    vectors = {item.item_id: vector for item, vector in expected if vector.any()}
    texts = {item.item_id: item.text for item, _ in expected}
    body = {
        "size": len(vectors),
        "docvalue_fields": [VECTOR_FLOAT16],
        "query": {"ids": {"values": list(vectors)}},
    }
    hits = client.search(index=index, body=body)["hits"]["hits"] if vectors else []
    unchanged = {
        hit["_id"]: hit for hit in hits if to_stored_item(hit["_source"]).text == texts[hit["_id"]]
    }
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
        # innerproduct scores 1 + s
        matches += best >= 1.0 + float(vector @ vector) - (0.1 if quantized else 0.01)
    if matches * 2 < len(probes):
        raise IndexNotWhole(
            f"k-NN on the index {index} found {matches} of {len(probes)} items by their own "
            "vectors. The alias was not moved; run the rebuild again."
        )
