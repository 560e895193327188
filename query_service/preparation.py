"""The steps up to the scores: load session, encode, build user vector, retrieve, features.

They are the same for an answer and for the lists that a re-ranker learns from.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from query_service.index_view import View
from query_service.progress import Progress
from query_service.ranking import stage
from query_service.ranking.reranker import Features
from query_service.retrieval.candidates import LEGS, WORDS, Candidates
from query_service.retrieval.filters import clauses
from query_service.retrieval.legs import Plan, Retrieved, retrieve, retrieve_ids
from query_service.schemas.search import RankRequest, RecommendRequest, SearchRequest
from query_service.service import LEAST_S, Service
from query_service.user import user_vector
from query_service.user.user_vector import UserVector
from query_service.user.visitor import Visitor


@dataclass(frozen=True)
class Prepared:
    """All that is known before the scores: the candidates, their features, and for whom."""

    retrieved: Retrieved
    features: Features
    person: UserVector | None
    visitor: Visitor
    embedding: NDArray[np.float32] | None = None  # of the query, float32 [D]


def prepare(
    service: Service,
    view: View,
    request: SearchRequest | RecommendRequest | RankRequest,
    progress: Progress,
) -> Prepared:
    """The steps up to the scores, which are also those that a re-ranker learns from.

    Raises ClusterUnavailable, IndexGone.
    """
    if isinstance(request, SearchRequest):
        return _searched(service, view, request, progress)
    if isinstance(request, RecommendRequest):
        return _recommended(service, view, request, progress)
    return _given(service, view, request, progress)


def _searched(service: Service, view: View, request: SearchRequest, progress: Progress) -> Prepared:
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
        titles=service.reads_titles,
    )
    retrieved = _retrieve(service, view, plan, progress)
    inputs = stage.features(view, retrieved.candidates, embedding, person, visitor, request.query)
    return Prepared(retrieved, inputs, person, visitor, embedding)


def _recommended(
    service: Service, view: View, request: RecommendRequest, progress: Progress
) -> Prepared:
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
        titles=service.reads_titles,
    )
    retrieved = _retrieve(service, view, plan, progress)
    # The popular leg's scores are popularity, which is a feature of its own.
    retrieved = replace(retrieved, candidates=_without_words(retrieved.candidates))
    inputs = stage.features(view, retrieved.candidates, None, person, visitor)
    return Prepared(retrieved, inputs, person, visitor)


def _given(service: Service, view: View, request: RankRequest, progress: Progress) -> Prepared:
    query_text = request.query or ""
    encoding = service.encode_soon(query_text) if query_text else None
    visitor = service.visitor(view, progress, request)
    embedding = service.encoded(encoding, progress) if encoding else None
    person = _user_vector(service, view, progress, visitor, "shop", query_text, embedding)
    plan = Plan(
        query_text=query_text,
        timeout_s=service.timeout_s(progress, LEAST_S),
        titles=service.reads_titles,
    )
    candidates = retrieve_ids(service.client, view.index, request.item_ids, plan, view.dims)
    progress.clock.step("retrieve")
    progress.ran("retrieve")
    inputs = stage.features(view, candidates, embedding, person, visitor, query_text, given=True)
    return Prepared(Retrieved(candidates, total=len(candidates)), inputs, person, visitor)


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


def _nobody(request: SearchRequest | RecommendRequest) -> Visitor:
    return Visitor(request.session_id, request.user_id or "")


def _without_words(candidates: Candidates) -> Candidates:
    legs = candidates.legs.copy()
    legs[:, LEGS.index(WORDS)] = np.nan
    return replace(candidates, legs=legs)
