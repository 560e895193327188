"""The matches in the engine's order: those below the candidates, or all of them sorted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from plugin_config.schema import GROUP_KEY
from query_service.retrieval.candidates.candidates import group_of
from query_service.retrieval.engine_errors import engine_errors
from query_service.retrieval.plan import WORDS, RetrievalPlan
from query_service.retrieval.point_in_time import is_items_index
from query_service.retrieval.shards import BY_SCORE
from query_service.retrieval.text.text_query import matching

MAX_WINDOW = 10_000  # the engine's `max_result_window`


@dataclass(frozen=True)
class Match:
    """An item in the engine's order, with the engine's score (0 where sorted)."""

    item_id: str
    score: float
    sort_values: tuple[Any, ...] = ()
    group: str = ""  # where the matches are collapsed


@dataclass(frozen=True)
class MatchesQuery:
    """All matches of a plan, without those that it excludes, in its order.

    By relevance: those of the words leg. Else the ids in `by_meaning` match too.
    """

    plan: RetrievalPlan
    by_meaning: Collection[str] = ()

    def body(self) -> dict[str, Any] | None:
        """The search body; None where the plan has no words leg with an input."""
        order = self.plan.order
        query = self._sorted() if order else self._words()
        if query is None:
            return None
        sort = order.clauses if order else BY_SCORE
        body = {"query": query, "sort": sort, "_source": False, "track_total_hits": False}
        return body | ({"collapse": {"field": GROUP_KEY}} if self.plan.collapse else {})

    def _words(self) -> Any:
        return next((leg.query(self.plan) for leg in self.plan.legs if leg.name == WORDS), None)

    def _sorted(self) -> dict[str, Any]:
        within = list(self.plan.filters)
        if self.plan.query_text:
            should = [matching(self.plan)]
            if self.by_meaning:
                should.append({"ids": {"values": sorted(self.by_meaning)}})
            within.append({"bool": {"should": should, "minimum_should_match": 1}})
        return {"bool": {"filter": within}}


@dataclass(frozen=True)
class MatchesAt:
    """The part of all matches to read: `size` after the first `skip`, or `after` sort values.

    `pit`: the point in time to read from, held for `keep_alive_s` more; "": the index as it is.
    """

    size: int
    skip: int = 0
    after: Sequence[Any] = ()
    pit: str = ""
    keep_alive_s: int = 0


def matches(client: OpenSearch, index: str, query: MatchesQuery, at: MatchesAt) -> list[Match]:
    """Some matches in order, ties by item id; collapsed ones are always skipped to.

    Raises ClusterUnavailable; IndexGone where the index or the point in time is.
    """
    body = query.body()
    if body is None or at.size < 1:
        return []
    if at.after and not query.plan.collapse:  # the engine has no `search_after` of groups
        body |= {"search_after": list(at.after), "size": at.size}
    else:
        body |= {"from": at.skip, "size": max(min(at.size, MAX_WINDOW - at.skip), 0)}
    params = query.plan.search_params | ({} if query.plan.order else query.plan.shards.scoring)
    target: dict[str, Any] = {"index": index}
    if at.pit:
        body["pit"], target = {"id": at.pit, "keep_alive": f"{at.keep_alive_s}s"}, {}
        params.pop("preference", None)  # a point in time is of certain copies
    with engine_errors(index):
        hits = client.search(**target, body=body, params=params)["hits"]["hits"]
    return matches_of([hit for hit in hits if is_items_index(hit["_index"], index)])


def matches_of(hits: Sequence[Any]) -> list[Match]:
    """The matches of the engine's hits."""
    return [
        Match(
            hit["_id"],
            float(hit["_score"] or 0),
            tuple(hit["sort"]),
            group=group_of(hit),
        )
        for hit in hits
    ]
