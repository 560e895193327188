"""Which of some items fulfil which filters."""

from collections.abc import Mapping, Sequence

from opensearchpy import OpenSearch

from query_service.retrieval.engine_errors import engine_errors
from query_service.retrieval.filters.filters import Clauses


def matching_items(
    client: OpenSearch,
    index: str,
    item_ids: Sequence[str],
    filters: Sequence[Clauses],
    params: Mapping[str, object],
) -> list[set[str]]:
    """Of each of the `filters`: the ids that fulfil it. Raises ClusterUnavailable, IndexGone."""
    if not item_ids or not filters:
        return [set() for _ in filters]
    named = [
        {"bool": {"filter": clauses, "_name": str(number)}}
        for number, clauses in enumerate(filters)
    ]
    query = {"bool": {"filter": {"ids": {"values": list(item_ids)}}, "should": named}}
    body = {"query": query, "size": len(item_ids), "_source": False}
    with engine_errors(index):
        hits = client.search(index=index, body=body, params=dict(params))["hits"]["hits"]
    return [
        {hit["_id"] for hit in hits if str(number) in hit.get("matched_queries", ())}
        for number in range(len(filters))
    ]
