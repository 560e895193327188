"""How many requests a request counts for: one that holds many is many."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

from query_service.web.errors import ApiProblem

AT_ONCE = 10  # events and items that cost about what a search does
_QUERIES = "requests"
# Of routes that take many things at once: the member that lists them, and how many count one.
_LISTS: Mapping[str, tuple[str, int]] = {
    "/1/indexes/<index>/queries": (_QUERIES, 1),
    "/1/indexes/*/recommendations": (_QUERIES, 1),
    "/v1/events": ("events", AT_ONCE),
    "/ubi_events": ("events", AT_ONCE),
    "/1/events": ("events", AT_ONCE),
    "/ubi_queries": ("queries", AT_ONCE),
    "/v1/items": ("items", AT_ONCE),
}


def may_be_many() -> bool:
    """Whether this request's route takes many things at once."""
    return request.method == "POST" and _rule() in _LISTS


def request_cost() -> int:
    """At least 1. Of a body that is refused later: 1."""
    if not may_be_many():
        return 1
    member, at_once = _LISTS[_rule()]
    try:
        body = request.get_json()
    except ApiProblem:
        return 1
    listed = body.get(member) if isinstance(body, Mapping) else body
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        return 1
    return max(-(-sum(map(_things, listed)) // at_once), 1)


def _things(listed: Any) -> int:
    """1; of an event of search-insights the items that it names."""
    items = listed.get("objectIDs") if isinstance(listed, Mapping) else None
    return max(len(items), 1) if isinstance(items, list) else 1


def _rule() -> str:
    return request.url_rule.rule if request.url_rule is not None else ""
