"""The method, step by step: load session, encode, build user vector, retrieve, re-rank, explain."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from query_service import ranking, user_vector
from query_service.candidates import LEGS, WORDS, Candidates
from query_service.explanation import explain
from query_service.filters import clauses
from query_service.progress import Progress
from query_service.requests import (
    Degradation,
    Hit,
    RankRequest,
    RankResponse,
    RecommendRequest,
    SearchRequest,
    SearchResponse,
    Total,
)
from query_service.reranker import Scores, order
from query_service.retrieval import IndexGone, Plan, Retrieved, retrieve, retrieve_ids
from query_service.service import LEAST_S, Service
from query_service.serving import Clock, View
from query_service.user_vector import UserVector
from query_service.visitor import Visitor

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Ranked:
    """The candidates with their scores and order, and for whom: what a page is cut from."""

    retrieved: Retrieved
    scores: Scores
    places: NDArray[np.intp]
    person: UserVector | None
    visitor: Visitor


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
    progress = Progress(Clock(request.deadline_ms or service.settings.default_deadline_ms))
    encoding = service.encode_soon(request.query)
    visitor = service.visitor(view, progress, request) if request.personalize else _nobody(request)
    embedding = service.encoded(encoding, progress)
    person = _user_vector(
        service, view, progress, visitor, request.scenario, request.query, embedding
    )

    plan = Plan(
        query_text=request.query,
        query_vector=None if embedding is None else view.query_vector(embedding),
        R=None if person is None else person.R,
        filters=clauses(request.filters),
        k=max(service.settings.candidates_per_leg, request.from_ + request.size),
        timeout_s=service.timeout_s(progress, LEAST_S),
        legs=service.legs,
        exact=service.exact,
    )
    retrieved = _retrieve(service, view, plan, progress)
    inputs = ranking.features(view, retrieved.candidates, embedding, person, visitor, request.query)
    scores = ranking.score(service.reranker, service.cost, inputs, progress)
    places = order(scores.total, retrieved.candidates.ids)

    answer = _page(
        service, view, request, Ranked(retrieved, scores, places, person, visitor), progress
    )
    if request.personalize:
        service.remember_query(view, request, embedding, answer)
    return answer


def _recommend(service: Service, view: View, request: RecommendRequest) -> SearchResponse:
    progress = Progress(Clock(request.deadline_ms or service.settings.default_deadline_ms))
    visitor = service.visitor(view, progress, request) if request.personalize else _nobody(request)
    person = _user_vector(service, view, progress, visitor, request.scenario)

    plan = Plan(
        R=None if person is None else person.R,
        filters=clauses(request.filters),
        exclude=sorted({event.item_id for event in visitor.events}),
        k=max(service.settings.candidates_per_leg, request.from_ + request.size),
        popular=True,
        timeout_s=service.timeout_s(progress, LEAST_S),
        legs=service.legs,
        exact=service.exact,
    )
    retrieved = _retrieve(service, view, plan, progress)
    # The popular leg's scores are popularity, which is a feature of its own.
    retrieved = replace(retrieved, candidates=_without_words(retrieved.candidates))
    inputs = ranking.features(view, retrieved.candidates, None, person, visitor)
    scores = ranking.score(service.reranker, service.cost, inputs, progress)
    places = order(scores.total, retrieved.candidates.ids)
    if person is None:
        places = np.array(
            ranking.varied(retrieved.candidates, places.tolist(), len(places)), np.intp
        )
    return _page(
        service, view, request, Ranked(retrieved, scores, places, person, visitor), progress
    )


def _rank(service: Service, view: View, request: RankRequest) -> RankResponse:
    progress = Progress(Clock(request.deadline_ms or service.settings.default_deadline_ms))
    query_text = request.query or ""
    encoding = service.encode_soon(query_text) if query_text else None
    visitor = service.visitor(view, progress, request)
    embedding = service.encoded(encoding, progress) if encoding else None
    person = _user_vector(service, view, progress, visitor, "shop", query_text, embedding)

    plan = Plan(query_text=query_text, timeout_s=service.timeout_s(progress, LEAST_S))
    candidates = retrieve_ids(service.client, view.index, request.item_ids, plan, view.dims)
    progress.clock.step("retrieve")
    progress.ran("retrieve")
    inputs = ranking.features(view, candidates, embedding, person, visitor, query_text)
    scores = ranking.score(service.reranker, service.cost, inputs, progress)
    places = order(scores.total, candidates.ids)

    retrieved = Retrieved(candidates, total=len(candidates))
    answer = _page(
        service, view, request, Ranked(retrieved, scores, places, person, visitor), progress
    )
    unknown = [item_id for item_id in request.item_ids if item_id not in set(candidates.ids)]
    return RankResponse(**dict(answer), unknown_item_ids=unknown)


def _on_current_index(service: Service, answer: Callable[[View], Answer]) -> Answer:
    """Answers from the current index; when that was deleted under us, from the one now current."""
    try:
        return answer(service.views.current())
    except IndexGone:
        return answer(service.views.refresh())


def _user_vector(
    service: Service,
    view: View,
    progress: Progress,
    visitor: Visitor,
    scenario: str,
    query_text: str = "",
    embedding: NDArray[np.float32] | None = None,
) -> UserVector | None:
    """The user vector, or None when nothing but the current query is known of the visitor."""
    if not visitor.events and not visitor.queries:
        progress.clock.step("user_vector")
        return None
    result: UserVector | None = None
    with progress.stage("user_vector"):
        result = user_vector.build(
            visitor,
            view.bundle,
            now=time.time(),
            query_text=query_text,
            query_vector=embedding,
            scenario=scenario,
            weights=service.fusion_weights,
            model=service.user_model,
        )
    return result if result is not None and result.known and result.knows_behaviour else None


def _retrieve(service: Service, view: View, plan: Plan, progress: Progress) -> Retrieved:
    retrieved = retrieve(service.client, view.index, plan, view.dims)
    progress.clock.step("retrieve")
    for leg in retrieved.legs:
        progress.ran(leg)
    for leg, reason in retrieved.failed.items():
        progress.degrade(leg, reason)
    return retrieved


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
    candidates, scores = ranked.retrieved.candidates, ranked.scores
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
                place, candidates, scores, ranked.person, ranked.visitor, query_text
            )
        hits.append(hit)
    progress.clock.step("page")
    total = Total(value=ranked.retrieved.total, relation=ranked.retrieved.total_relation)
    return SearchResponse(
        query_id=str(uuid.uuid4()),
        hits=hits,
        total=total,
        timing_ms=progress.clock.timing(),
        stages_run=progress.stages_run,
        degraded=[Degradation(stage=s, reason=r) for s, r in progress.degraded.items()],
        index=view.index,
        personalized=ranked.person is not None,
    )


def _nobody(request: SearchRequest | RecommendRequest) -> Visitor:
    return Visitor(request.session_id, request.user_id or "")


def _without_words(candidates: Candidates) -> Candidates:
    legs = candidates.legs.copy()
    legs[:, LEGS.index(WORDS)] = np.nan
    return replace(candidates, legs=legs)
