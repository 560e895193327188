"""The items that rules pin: candidates whatever the query, where the filters allow them."""

from collections.abc import Mapping, Sequence
from typing import Any

from plugin_config.schema import GROUP_KEY
from query_service.retrieval.candidates.candidate_fields import candidates_body
from query_service.retrieval.plan import RetrievalPlan

RULES = "rules"  # among the searches of a request, beside its legs
_MATCHES = "matches"  # the named query of those that are hits without the rule


def pinned_query(plan: RetrievalPlan) -> dict[str, Any]:
    """The pinned items that the filters of the request and of rules leave.

    An item that the visitor acted on is not left out of a recommendation: the rule wants it there.
    """
    always = [item_id for item_id, unavailable in plan.pins.items() if unavailable]
    available = {
        "bool": {
            "filter": {"ids": {"values": list(plan.pins)}},
            "must_not": {"term": {"available": False}},
        }
    }
    wanted = {"bool": {"should": [{"ids": {"values": always}}, available]}} if always else available
    return {"bool": {"filter": [wanted, *plan.request_filters, *plan.rule_filters]}}


def pins_body(plan: RetrievalPlan, words: Mapping[str, Any] | None) -> dict[str, Any]:
    """The search for the pinned items; `words` is the body of the words leg, if it has one."""
    query = pinned_query(plan)
    if words is not None:
        query["bool"]["should"] = {"bool": {"filter": words["query"], "_name": _MATCHES}}
    timeout = {"timeout": f"{max(int(plan.timeout_s * 1000), 1)}ms"}
    body = candidates_body(query, len(plan.pins)) | timeout
    if plan.collapse:
        body["docvalue_fields"] = [*body["docvalue_fields"], GROUP_KEY]
    return body


def ids_matching(hits: Sequence[Mapping[str, Any]]) -> set[str]:
    """Of the hits of `pins_body`: the ids of those that match without the rule too."""
    return {hit["_id"] for hit in hits if _MATCHES in hit.get("matched_queries", ())}
