"""Requests for recommendations, as the libraries' `getRecommendations` sends them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from query_service.instantsearch.conditions import (
    Condition,
    Equals,
    RequestMalformed,
    Without,
    every,
)
from query_service.instantsearch.query_params import QueryParams, parse_params

SIMILAR, TRENDING = ("related-products", "looking-similar"), "trending-items"
MAX_ITEMS = 30  # of one answer
_KNOWN = frozenset({
    "indexName", "model", "objectID", "threshold", "maxRecommendations", "queryParameters",
    "facetName", "facetValue", "userToken",
})  # fmt: skip


@dataclass(frozen=True)
class ItemRecommendation:
    """What one request wants: items similar to `item_id`, popular ones where it is ""."""

    item_id: str
    params: QueryParams

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> "ItemRecommendation":
        """From a request. Raises RequestMalformed."""
        model = request.get("model")
        if model not in (*SIMILAR, TRENDING):
            raise RequestMalformed(
                f"model: {str(model)[:80]!r} is not there: {', '.join((*SIMILAR, TRENDING))} are. "
                "What was bought together, and facets that trend, are not counted here"
            )
        parameters = request.get("queryParameters") or {}
        if not isinstance(parameters, Mapping):
            raise RequestMalformed("queryParameters: an object is wanted")
        params = parse_params({"userToken": request.get("userToken", ""), **parameters})
        size = request.get("maxRecommendations") or MAX_ITEMS
        if isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= MAX_ITEMS:
            raise RequestMalformed(f"maxRecommendations: a number from 1 to {MAX_ITEMS} is wanted")
        ignored = tuple(sorted({*params.ignored, *request.keys() - _KNOWN}))
        params = replace(
            params, query_text="", size=size, page=0, offset=None, marked=params.marked or (),
            analytics=False, ignored=ignored,
        )  # fmt: skip
        if model == TRENDING:
            return cls("", _within(replace(params, user_token=""), *_facet(request)))
        item_id = request.get("objectID")
        if not isinstance(item_id, str) or not item_id:
            raise RequestMalformed(f"objectID: {model} wants the id of an item")
        return cls(item_id, params)

    @property
    def item(self) -> QueryParams:
        """The query that reads the item."""
        return QueryParams(condition=Equals("objectID", self.item_id), size=1, marked=())

    def similar(self, item: Mapping[str, Any]) -> QueryParams:
        """The query for items like this one, its own variants left out."""
        others: list[Condition] = [Without(Equals("objectID", self.item_id))]
        if group_id := item.get("group_id"):
            others.append(Without(Equals("group_id", group_id)))
        return replace(_within(self.params, *others), query_text=str(item["title"])[:512])


def _facet(request: Mapping[str, Any]) -> list[Condition]:
    name, value = request.get("facetName"), request.get("facetValue")
    if name is None and value is None:
        return []
    if not isinstance(name, str) or not isinstance(value, str):
        raise RequestMalformed("facetName, facetValue: two texts are wanted")
    return [Equals(name, value)]


def _within(params: QueryParams, *conditions: Condition) -> QueryParams:
    parts = [each for each in (params.condition, *conditions) if each is not None]
    return replace(params, condition=every(parts)) if parts else params
