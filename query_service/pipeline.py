"""The method: load session, encode, build user vector, retrieve; re-rank; page, explain."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from query_service.context import (
    HitSources,
    QueryRecorder,
    RequestContext,
    RetrievalOptions,
)
from query_service.index_view import IndexView, IndexViews
from query_service.preparation import Preparation, Prepared
from query_service.progress import Clock, RequestProgress
from query_service.ranking.explanation import explain
from query_service.ranking.reranker import Scoring
from query_service.ranking.scores import Scores, ranked_rows
from query_service.ranking.stage import RerankStage, varied
from query_service.retrieval.search import IndexGone
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

Answer = TypeVar("Answer", bound=SearchResponse)
Request = SearchRequest | RecommendRequest | RankRequest


@dataclass(frozen=True)
class Ranked:
    """Scores of the prepared candidates, and their rows in order: what a page is cut from."""

    scores: Scores
    rows: NDArray[np.intp]


class Pipeline:
    """Answers requests from the current index. Safe to use from many threads.

    Its collaborators are handed in: the service gives it the session store, an evaluation gives
    it histories, and both get the same steps.
    """

    def __init__(
        self,
        views: IndexViews,
        preparation: Preparation,
        reranker: Scoring | None,
        sources: HitSources,
        queries: QueryRecorder,
        *,
        options: RetrievalOptions,
        deadline_ms: int,
        engine_timeout_s: float,
    ) -> None:
        """`deadline_ms` where the request names none; `reranker` None: the fused order."""
        self.views = views
        self.preparation = preparation
        self._stage = RerankStage(reranker)
        self._sources = sources
        self._queries = queries
        self._options = options
        self._deadline_ms = deadline_ms
        self._engine_timeout_s = engine_timeout_s

    def search(self, request: SearchRequest) -> SearchResponse:
        """Hits for a live query, personalised by the session's (and the user's) behaviour.

        Raises ClusterUnavailable (IndexNotReady among it) when no leg can be answered.
        """
        return self._on_current_index(request, self._search)

    def recommend(self, request: RecommendRequest) -> SearchResponse:
        """Hits without a query: a feed by what the visitor did; popular and varied without that.

        Raises ClusterUnavailable.
        """
        return self._on_current_index(request, self._recommend)

    def rank(self, request: RankRequest) -> RankResponse:
        """The given items, re-ranked for this visitor and query. Raises ClusterUnavailable."""
        return self._on_current_index(request, self._rank)

    def context(self, request: Request, view: IndexView) -> RequestContext:
        """The context that a request begins with; its clock starts now."""
        progress = RequestProgress(Clock(request.deadline_ms or self._deadline_ms))
        return RequestContext(request, view, progress, self._options, self._engine_timeout_s)

    def close(self) -> None:
        """Stops the threads."""
        self.preparation.close()

    def _search(self, context: RequestContext) -> SearchResponse:
        prepared = self.preparation.prepare(context)
        answer = self._page(context, prepared, self._ranked(context, prepared))
        if context.personalize:
            self._queries.record(context, prepared.intent.query_embedding, answer)
        return answer

    def _recommend(self, context: RequestContext) -> SearchResponse:
        prepared = self.preparation.prepare(context)
        ranked = self._ranked(context, prepared)
        if prepared.intent.user_vector is None:
            rows = ranked.rows.tolist()
            mixed = varied(prepared.retrieved.candidates, rows, len(rows))
            ranked = Ranked(ranked.scores, np.array(mixed, np.intp))
        return self._page(context, prepared, ranked)

    def _rank(self, context: RequestContext) -> RankResponse:
        assert isinstance(context.request, RankRequest)
        prepared = self.preparation.prepare(context)
        answer = self._page(context, prepared, self._ranked(context, prepared))
        known = set(prepared.retrieved.candidates.ids)
        unknown = [item_id for item_id in context.request.item_ids if item_id not in known]
        return RankResponse(**dict(answer), unknown_item_ids=unknown)

    def _ranked(self, context: RequestContext, prepared: Prepared) -> Ranked:
        scores = self._stage.score(prepared.inputs, context.progress)
        return Ranked(scores, ranked_rows(scores.total, prepared.retrieved.candidates.ids))

    def _on_current_index(
        self, request: Request, answer: Callable[[RequestContext], Answer]
    ) -> Answer:
        """Answers from the current index; when that was deleted under us, from its successor."""
        try:
            return answer(self.context(request, self.views.current()))
        except IndexGone:
            return answer(self.context(request, self.views.refresh()))

    def _page(self, context: RequestContext, prepared: Prepared, ranked: Ranked) -> SearchResponse:
        """The requested page of the ranked candidates, with sources and (if asked) explanations."""
        request, retrieved = context.request, prepared.retrieved
        ids = retrieved.candidates.ids
        first = 0 if isinstance(request, RankRequest) else request.from_
        rows = ranked.rows[first : first + (request.size or len(ranked.rows))].tolist()
        sources = self._sources.sources(context, [ids[row] for row in rows])
        hits = []
        for position, row in enumerate(rows, start=first + 1):
            if ids[row] not in sources:
                continue  # deleted since the engine's last refresh
            hit = Hit(
                item_id=ids[row],
                score=float(ranked.scores.total[row]),
                source=sources[ids[row]],
                position=position,
            )
            if request.explain:
                hit.explanation = explain(row, retrieved.candidates, ranked.scores, prepared.intent)
            hits.append(hit)
        context.progress.clock.step("page")
        return self._response(context, prepared, hits)

    def _response(
        self, context: RequestContext, prepared: Prepared, hits: list[Hit]
    ) -> SearchResponse:
        progress, retrieved = context.progress, prepared.retrieved
        return SearchResponse(
            query_id=str(uuid.uuid4()),
            hits=hits,
            total=Total(value=retrieved.total, relation=retrieved.total_relation),
            timing_ms=progress.clock.timing(),
            stages_run=progress.stages_run,
            degraded=[Degradation(stage=s, reason=r) for s, r in progress.degraded.items()],
            index=context.view.index,
            personalized=prepared.intent.user_vector is not None,
        )
