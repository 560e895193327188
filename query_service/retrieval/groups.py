"""Groups of variants: whether an index has some, how many match, how many variants each has."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from opensearchpy import OpenSearch

from plugin_config.schema import GROUP_ID, GROUP_KEY
from query_service.retrieval.engine_errors import engine_errors
from query_service.retrieval.plan import RetrievalPlan
from query_service.retrieval.text.text_query import matching

Relation = Literal["eq", "gte"]
MAX_COUNTED = 10_000  # groups; as many items the engine counts exactly
_COUNT = "group_count"
# A bucket for each group is exact, unlike `cardinality`; the response has only their number.
_COUNT_GROUPS = {
    "groups": {"terms": {"field": GROUP_KEY, "size": MAX_COUNTED}},
    _COUNT: {"stats_bucket": {"buckets_path": "groups>_count"}},
}
WITHOUT_BUCKETS = "-responses.aggregations.groups.buckets"  # a `filter_path` of an `_msearch`


def has_variants(client: OpenSearch, index: str) -> bool:
    """Whether an item of the index names a group. Raises ClusterUnavailable, IndexGone."""
    body = {"size": 0, "terminate_after": 1, "query": {"exists": {"field": GROUP_ID}}}
    with engine_errors(index):
        return bool(client.search(index=index, body=body)["hits"]["total"]["value"])


def group_count(plan: RetrievalPlan) -> dict[str, Any]:
    """The part of the words leg's search body that counts groups.

    {} for the whole catalogue, where the count would take the longest (measured on 54,667 items: 42
    of 61 ms) and nobody asked for it.
    """
    return {"aggs": _COUNT_GROUPS} if plan.query_text or plan.request_filters else {}


def counted_groups(response: Mapping[str, Any], k: int) -> tuple[int, Relation]:
    """How many groups match, from the words leg's response of at most `k` groups."""
    hits = len(response["hits"]["hits"])
    if hits < k or "aggregations" not in response:
        return hits, "eq" if hits < k else "gte"
    counts = response["aggregations"]
    relation: Relation = "gte" if counts["groups"]["sum_other_doc_count"] else "eq"
    return int(counts[_COUNT]["count"]), relation


def matching_variants(
    client: OpenSearch, index: str, plan: RetrievalPlan, groups: Collection[str]
) -> dict[str, int]:
    """How many items of each of `groups` the plan's filters let through and have its words.

    Groups without such items are absent. Raises ClusterUnavailable, IndexGone.
    """
    if not groups:
        return {}
    within = [*plan.filters, {"terms": {GROUP_KEY: sorted(groups)}}]
    if plan.query_text:
        within.append(matching(plan))
    counts = {"terms": {"field": GROUP_KEY, "size": len(groups), "execution_hint": "map"}}
    body = {
        "size": 0, "track_total_hits": False, "query": {"bool": {"filter": within}},
        "aggs": {"groups": counts},
    }  # fmt: skip
    with engine_errors(index):
        response = client.search(index=index, body=body, params=plan.search_params)
    buckets = response["aggregations"]["groups"]["buckets"]
    return {bucket["key"]: int(bucket["doc_count"]) for bucket in buckets}
