"""Recall of k-NN search, by HNSW graphs, against exact search."""

from collections.abc import Sequence
from typing import Any

from indexer.bundle.projections import Vectors
from indexer.gate.sample import SampledItem
from indexer.index.context import IndexContext
from indexer.index.documents import from_float16_base64
from indexer.index.rebuilding.before_swap import Check
from plugin_config.connection.client import is_refusal
from plugin_config.errors import ClusterUnavailable, RequestRefused
from plugin_config.schema import VECTOR, VECTOR_FLOAT16

Hit = tuple[str, Vectors]  # an item's id and its vector, float32 [dims]

K = 10
BATCH = 16  # sampled items of one request: an exact search compares every vector
TIMEOUT_S = 600.0
# Of an inner product of float16 copies. A near item in place of an equally near one is no miss.
TOLERANCE = 2e-3


def check_recall(
    context: IndexContext, index: str, sample: Sequence[SampledItem], least: float
) -> Check:
    """Whether k-NN search finds what comparing every vector finds: recall@10, of the sample.

    A hit counts if the exact search has it, or if it is as near as the exact search's tenth: items
    with equal vectors can't fail it. Quantised vectors are measured by the whole ones.
    """
    name, vectors = "recall", [each.vector for each in sample if each.vector.any()]
    if not vectors:
        return Check(name, None, "no item has a vector")
    found = wanted = 0
    for start in range(0, len(vectors), BATCH):
        batch = vectors[start : start + BATCH]
        approximate = _hits(context, index, [_near(vector, context) for vector in batch])
        exact = _hits(context, index, [_exact(vector) for vector in batch])
        for vector, hits, best in zip(batch, approximate, exact, strict=True):
            wanted += len(best)
            found += _found(vector, hits, best)
    recall = found / wanted if wanted else 1.0
    text = (
        f"recall@{K} of k-NN search {recall:.3f} against exact search, of {len(vectors)} items "
        f"(allowed: {least:g}, LIVE_INTENT_GATE_MIN_RECALL)"
    )
    if recall < least:
        text += "; raise LIVE_INTENT_HNSW_M, LIVE_INTENT_EF_CONSTRUCTION, LIVE_INTENT_EF_SEARCH"
    return Check(name, recall >= least, text, recall, least)


def _found(vector: Vectors, hits: Sequence[Hit], best: Sequence[Hit]) -> int:
    """How many of `hits` belong to the nearest, of which `best` are some."""
    if not best:
        return 0
    ids = {item_id for item_id, _ in best}
    farthest = min(float(vector @ other) for _, other in best) - TOLERANCE
    near = sum(item_id in ids or float(vector @ other) >= farthest for item_id, other in hits)
    return min(near, len(best))


def _near(vector: Vectors, context: IndexContext) -> dict[str, Any]:
    clause: dict[str, Any] = {"vector": vector.tolist(), "k": K}
    if context.settings.engine == "lucene":  # faiss has it in the mapping
        clause["method_parameters"] = {"ef_search": max(context.settings.ef_search, K)}
    return {"knn": {VECTOR: clause}}


def _exact(vector: Vectors) -> dict[str, Any]:
    params = {"field": VECTOR, "query_value": vector.tolist(), "space_type": "innerproduct"}
    with_vector = {"exists": {"field": VECTOR}}
    script = {"source": "knn_score", "lang": "knn", "params": params}
    return {"script_score": {"query": with_vector, "script": script}}


def _hits(context: IndexContext, index: str, queries: Sequence[dict[str, Any]]) -> list[list[Hit]]:
    """The first K hits of each query, best first. Raises RequestRefused, ClusterUnavailable."""
    lines: list[dict[str, Any]] = []
    fields = {"size": K, "_source": False, "docvalue_fields": [VECTOR_FLOAT16]}
    for query in queries:
        lines += [{"index": index}, {**fields, "query": query}]
    answer = context.client.msearch(body=lines, params={"request_timeout": TIMEOUT_S})
    result = []
    for response in answer["responses"]:
        if "hits" not in response:
            reason = response.get("error", response)
            if is_refusal(response.get("status"), str(reason)):
                raise RequestRefused(f"OpenSearch refuses a search of {index}: {reason}")
            raise ClusterUnavailable(f"a search of {index} failed: {reason}")
        result.append([
            (hit["_id"], from_float16_base64(hit["fields"][VECTOR_FLOAT16][0]))
            for hit in response["hits"]["hits"]
        ])  # fmt: skip
    return result
