"""Whether two rules can apply to one request."""

from typing import Literal

from indexer.catalogue.attributes.filter_keys import filter_key
from query_service.rules.filter_containment import is_below
from query_service.rules.situation import CompiledConditions
from query_service.schemas.administration.rules import Conditions

Overlap = Literal["never", "possible", "certain"]


def overlap(one: CompiledConditions, other: CompiledConditions) -> Overlap:
    """`certain`: there are such requests; `possible`: some may be, but few would expect them.

    Two rules that want different words in the query overlap possibly: a query may have both.
    """
    a, b = one.when, other.when
    if max(one.window[0], other.window[0]) >= min(one.window[1], other.window[1]):
        return "never"
    if _differ(a, b) or not _categories_meet(a, b):
        return "never"
    if a.query is None or b.query is None:
        return "certain"
    return _of_queries(one, other)


def _differ(a: Conditions, b: Conditions) -> bool:
    """Whether one wants of the request or of the visitor what the other excludes."""
    requests = {a.request, b.request} - {None}
    if len(requests) > 1 or ("recommend" in requests and (a.query or b.query)):
        return True
    if a.scenario and b.scenario and not set(a.scenario) & set(b.scenario):
        return True
    for x, y in ((a.visitor, b.visitor), (b.visitor, a.visitor)):
        if x is None or y is None:
            continue
        if x.new and (y.new is False or y.did):
            return True
        if x.known and y.known is False:
            return True
    return False


def _categories_meet(a: Conditions, b: Conditions) -> bool:
    if not a.category or not b.category:
        return True
    keys_a, keys_b = set(map(filter_key, a.category)), set(map(filter_key, b.category))
    return any(is_below(key, keys_b) for key in keys_a) or any(
        is_below(key, keys_a) for key in keys_b
    )


def _of_queries(one: CompiledConditions, other: CompiledConditions) -> Overlap:
    if one.when.query == other.when.query:
        return "certain"
    for a, b in ((one, other), (other, one)):
        if a.equal:  # only these queries, of which some may fail a's further conditions
            both = (a.hold_of_query(q) and b.hold_of_query(q) for q in a.equal)
            return "certain" if any(both) else "never"
    if one.pattern is None and other.pattern is None:
        for a, b in ((one, other), (other, one)):
            if any(p.find(q) for p in a.contained for q in b.contained):
                return "certain"
    return "possible"
