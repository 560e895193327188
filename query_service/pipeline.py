"""The method: prepare (session, encode, user vector, retrieve), re-rank, page, explain."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from query_service.index_view import Clock, View
from query_service.preparation import Prepared, prepare
from query_service.progress import Progress
from query_service.ranking import stage
from query_service.ranking.explanation import explain
from query_service.ranking.reranker import Scores, order
from query_service.retrieval.legs import IndexGone
from query_service.schemas.search import (
    Degradation,
    Hit,
    RankRequest,
    RankResponse,
    RecommendRequest,
    SearchRequest,
    SearchResponse,
    Total,
)
from query_service.service import Service

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Ranked:
    """The prepared candidates with their scores and order: what a page is cut from."""

    prepared: Prepared
    scores: Scores
    places: NDArray[np.intp]


def search(service: Service, request: SearchRequest) -> SearchResponse:
    """Hits for a live query, personalised by the session's (and the user's) behaviour.

    Raises ClusterUnavailable (IndexNotReady among it) when no leg can be answered.
    """
    return _on_current_index(service, lambda view: _search(service, view, request))


def recommend(service: Service, request: RecommendRequest) -> SearchResponse:
    """Hits without a query: a feed by what the visitor did; popular and varied without that.

    Raises ClusterUnavailable.
    """
    return _on_current_index(service, lambda view: _recommend(service, view, request))


def rank(service: Service, request: RankRequest) -> RankResponse:
    """The given items, re-ranked for this visitor and query. Raises ClusterUnavailable."""
    return _on_current_index(service, lambda view: _rank(service, view, request))


def _search(service: Service, view: View, request: SearchRequest) -> SearchResponse:
    progress = _progress(service, request)
    prepared = prepare(service, view, request, progress)
    answer = _page(service, view, request, _ranked(service, prepared, progress), progress)
    if request.personalize:
        service.remember_query(view, request, prepared.embedding, answer)
    return answer


def _recommend(service: Service, view: View, request: RecommendRequest) -> SearchResponse:
    progress = _progress(service, request)
    prepared = prepare(service, view, request, progress)
    ranked = _ranked(service, prepared, progress)
    if prepared.person is None:
        places = ranked.places.tolist()
        varied = stage.varied(prepared.retrieved.candidates, places, len(places))
        ranked = replace(ranked, places=np.array(varied, np.intp))
    return _page(service, view, request, ranked, progress)


def _rank(service: Service, view: View, request: RankRequest) -> RankResponse:
    progress = _progress(service, request)
    prepared = prepare(service, view, request, progress)
    answer = _page(service, view, request, _ranked(service, prepared, progress), progress)
    found = set(prepared.retrieved.candidates.ids)
    unknown = [item_id for item_id in request.item_ids if item_id not in found]
    return RankResponse(**dict(answer), unknown_item_ids=unknown)


def _ranked(service: Service, prepared: Prepared, progress: Progress) -> Ranked:
    scores = stage.score(service.reranker, service.cost, prepared.features, progress)
    return Ranked(prepared, scores, order(scores.total, prepared.retrieved.candidates.ids))


def _progress(
    service: Service, request: SearchRequest | RecommendRequest | RankRequest
) -> Progress:
    return Progress(Clock(request.deadline_ms or service.settings.default_deadline_ms))


def _on_current_index(service: Service, answer: Callable[[View], Answer]) -> Answer:
    """Answers from the current index; when that was deleted under us, from the one now current."""
    try:
        return answer(service.views.current())
    except IndexGone:
        return answer(service.views.refresh())


def _page(
    service: Service,
    view: View,
    request: SearchRequest | RecommendRequest | RankRequest,
    ranked: Ranked,
    progress: Progress,
) -> SearchResponse:
    """The asked-for page of the ranked candidates, with sources and (on request) explanations."""
    first = 0 if isinstance(request, RankRequest) else request.from_
    shown = ranked.places[first : first + (request.size or len(ranked.places))]
    prepared, scores = ranked.prepared, ranked.scores
    candidates = prepared.retrieved.candidates
    sources = service.sources(view, [candidates.ids[i] for i in shown], progress)
    query_text = "" if isinstance(request, RecommendRequest) else request.query or ""
    hits = []
    for position, place in enumerate(shown.tolist(), start=first + 1):
        item_id = candidates.ids[place]
        if item_id not in sources:
            continue  # deleted since the engine's last refresh
        hit = Hit(
            item_id=item_id,
            score=float(scores.total[place]),
            source=sources[item_id],
            position=position,
        )
        if request.explain:
            hit.explanation = explain(
                place, candidates, scores, prepared.person, prepared.visitor, query_text
            )
        hits.append(hit)
    progress.clock.step("page")
    total = Total(value=prepared.retrieved.total, relation=prepared.retrieved.total_relation)
    return SearchResponse(
        query_id=str(uuid.uuid4()),
        hits=hits,
        total=total,
        timing_ms=progress.clock.timing(),
        stages_run=progress.stages_run,
        degraded=[Degradation(stage=s, reason=r) for s, r in progress.degraded.items()],
        index=view.index,
        personalized=prepared.person is not None,
    )
