"""A request from the session to the page of hits. Read `Pipeline.search` first.

The steps, in order, and the function of each:

    load session         SessionVisitors.visitor  the visitor's events and queries
    encode query         BatchingEncoder          in a thread, while the session is read
    build user vector    user_vector.build        D_H, D_q, D_B and D_a to R
    retrieve             retrieval.search         the legs, to `Candidates`: the words leg is sent
                                                  with the first steps, the others in one request
    re-rank              RerankStage.score        `rerank_input` to a score per candidate
    page                 Page.of                  the requested hits, deep ones from the engine
    explain              explanation.explain      each score as shares that add up to it

`Preparation.prepare` has the first four: training prepares its lists by it too. Merchandisers'
rules act in three of them: `effects_in` before retrieval, `boosted` in the scores,
`RulesAtWork.placed` in the order.
"""

import copy
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from indexer.encoder.number_format import torch_threads
from plugin_config.errors import LiveIntentError
from query_service.answer.instead import instead_of_hits
from query_service.answer.interleaving import (
    Interleaving,
    VariantList,
    interleaved,
)
from query_service.answer.page import Page, Ranked
from query_service.answer.page_parts import PageParts
from query_service.context import (
    HitSources,
    NoQueryRecorder,
    QueryRecorder,
    Request,
    RequestContext,
    RetrievalOptions,
)
from query_service.experiments.experiment_book import NO_EXPERIMENTS, Experimenting
from query_service.index_view import IndexView, OneView, ViewSource
from query_service.preparation.exposure_groups import attribute_groups
from query_service.preparation.preparation import Preparation, Prepared
from query_service.ranking.exposure import shown_exposure
from query_service.ranking.reranker import Scoring
from query_service.ranking.scores import leaders, ranked_rows
from query_service.ranking.stage import Adjustments, RerankStage, varied
from query_service.request_contexts import RequestContexts
from query_service.retrieval.engine_errors import IndexGone
from query_service.retrieval.problems import FieldProblem
from query_service.rules.rule_book import WITHOUT_RULES, RuleSource
from query_service.schemas.search.answers import RankResponse, SearchResponse
from query_service.schemas.search.requests import RankRequest, RecommendRequest, SearchRequest
from query_service.schemas.search.where import WhereSearch
from query_service.setting_texts.exposure_floors import NO_FLOORS, ExposureFloors

Answer = TypeVar("Answer", bound=SearchResponse)


def nobody(context: RequestContext, answer: SearchResponse) -> None:
    """Hears of an answer and does nothing."""


class Pipeline:
    """Answers requests from the current index. Safe to use from many threads.

    Its collaborators are handed in: the service passes the session store, an evaluation passes
    histories, and both run the same steps.
    """

    def __init__(
        self,
        views: ViewSource,
        preparation: Preparation,
        reranker: Scoring | None,
        sources: HitSources,
        queries: QueryRecorder,
        *,
        options: RetrievalOptions,
        deadline_ms: int,
        engine_timeout_s: float,
        diversity: float = 0.0,
        exposure: ExposureFloors = NO_FLOORS,
        rules: RuleSource = WITHOUT_RULES,
        bundle: str = "",
        experiments: Experimenting = NO_EXPERIMENTS,
    ) -> None:
        """`deadline_ms`, `diversity` and `exposure` where the request names none; no reranker:
        fused order.

        `bundle`: the name of the learned bundle that the models come from.
        """
        self.views = views
        self.preparation = preparation
        self._parts = PageParts(preparation.client, preparation.pool, sources)
        self._stage = RerankStage(reranker, diversity=diversity, exposure=exposure)
        self._sources = sources
        self._queries = queries
        self.contexts = RequestContexts(
            options=options,
            deadline_ms=deadline_ms,
            engine_timeout_s=engine_timeout_s,
            cursor_lifetime_s=preparation.below.lifetime_s,
            rules=rules,
            experiments=experiments,
            stage=self._stage,
            fusion=preparation.fusion,
            bundle=bundle,
        )
        self.on_answer: Callable[[RequestContext, SearchResponse], None] = nobody
        self._interleaving = Interleaving(preparation.threads)

    def search(self, request: SearchRequest, arrived: float | None = None) -> SearchResponse:
        """Hits for a live query, personalised by the session's (and the user's) behaviour.

        `arrived`: time.perf_counter() when the request had arrived; its deadline counts from then.
        Raises ClusterUnavailable (IndexNotReady among it) when no leg can be answered.
        """

        def answer(context: RequestContext) -> SearchResponse:
            other = self._interleaving.start(context, self._variant_list)  # of an experiment
            prepared = self.preparation.prepare(context)  # load session, encode, build, retrieve
            ranked = self._rerank(context, prepared)
            beside = None
            if other is not None:
                own = VariantList(prepared, ranked)
                beside = self._interleaving.finish(context, own, other, self._rerank)
            response = self._page(context, prepared, ranked, beside=beside)  # and explain
            if not response.total.value and not isinstance(request, WhereSearch):
                instead = instead_of_hits(context, self._recommended)
                response = response.model_copy(update={"instead": instead})
            if context.kept:
                found = prepared.retrieved.candidates
                if beside is not None:
                    found = found.with_those_of(beside.prepared.retrieved.candidates)
                self._queries.record(context, prepared.intent, found, response)
            return response

        return self._on_current_index(request, answer, arrived)

    def recommend(self, request: RecommendRequest, arrived: float | None = None) -> SearchResponse:
        """Hits without a query: by the visitor's events; popular and varied items without events.

        Raises ClusterUnavailable.
        """

        def answer(context: RequestContext) -> SearchResponse:
            prepared, response = self._browsed(context)
            if context.kept:
                found = prepared.retrieved.candidates
                self._queries.record(context, prepared.intent, found, response)
            return response

        return self._on_current_index(request, answer, arrived)

    def rank(self, request: RankRequest, arrived: float | None = None) -> RankResponse:
        """The given items, re-ranked for this visitor and query. Raises ClusterUnavailable."""

        def answer(context: RequestContext) -> RankResponse:
            prepared = self.preparation.prepare(context)
            ranked, ids = self._rerank(context, prepared), prepared.retrieved.candidates.ids
            # Read in real time: the engine's search still finds an item deleted a moment ago.
            known = self._sources.sources(context, ids)
            rows = [row for row in ranked.rows.tolist() if ids[row] in known]
            ranked = replace(ranked, rows=np.array(rows, np.intp))
            if context.progress.partial:  # which of the others are in a shard that does not answer
                others = [item_id for item_id in request.item_ids if item_id not in known]
                self._sources.sources(context, others)
            found = known.keys() | context.progress.unreadable
            response = self._page(context, prepared, ranked, known)
            unknown = [item_id for item_id in request.item_ids if item_id not in found]
            return RankResponse(**dict(response), unknown_item_ids=unknown)

        return self._on_current_index(request, answer, arrived)

    def with_rules(self, rules: RuleSource, queries: QueryRecorder) -> "Pipeline":
        """The same pipeline by other rules, to try them; it shares the threads."""
        other = copy.copy(self)
        other._queries = queries
        other.contexts = replace(self.contexts, rules=rules, experiments=NO_EXPERIMENTS)
        return other

    def on_index(self, view: IndexView) -> "Pipeline":
        """The same pipeline on one index, for searches that nobody made; it shares the threads."""
        other = copy.copy(self)
        other.views, other._queries, other.on_answer = OneView(view), NoQueryRecorder(), nobody
        other.contexts = replace(self.contexts, experiments=NO_EXPERIMENTS)
        return other

    def close(self) -> None:
        """Stop the threads."""
        self.preparation.close()
        self._interleaving.close()

    def _on_current_index(
        self,
        request: Request,
        answer: Callable[[RequestContext], Answer],
        arrived: float | None,
    ) -> Answer:
        """Answer from the current index; if that is deleted meanwhile, from its successor.

        A filter on an unknown attribute is tried again too: an upsert may just have added it.
        """
        counted = self._counted(answer)
        # A request's tensors are small: threads that wait for each other cost far more than they
        # gain (measured on two busy cores: 3.5 against 0.16 ms of CPU for two products).
        with torch_threads(1):
            try:
                return counted(self.contexts.of(request, self.views.current(), arrived))
            except IndexGone:
                return counted(self.contexts.of(request, self.views.refresh(), arrived))
            except FieldProblem:
                with suppress(LiveIntentError):
                    self.views.refresh()
                return counted(self.contexts.of(request, self.views.current(), arrived))

    def _counted(
        self, answer: Callable[[RequestContext], Answer]
    ) -> Callable[[RequestContext], Answer]:
        """The same, with a call of `on_answer`."""

        def counted(context: RequestContext) -> Answer:
            answered = answer(context)
            self.on_answer(context, answered)
            return answered

        return counted

    def _variant_list(self, context: RequestContext) -> VariantList:
        """What a variant answers before its page is cut."""
        with torch_threads(1):
            prepared = self.preparation.prepare(context)
            return VariantList(prepared, self._rerank(context, prepared))

    def _recommended(self, context: RequestContext) -> SearchResponse:
        return self._browsed(context)[1]

    def _browsed(self, context: RequestContext) -> tuple[Prepared, SearchResponse]:
        """A list without a query, and what it was made of."""
        prepared = self.preparation.prepare(context)
        ranked = self._rerank(context, prepared)
        if prepared.plan.order is None and prepared.intent.user_vector is None:
            candidates = prepared.retrieved.candidates
            rows = varied(candidates, ranked.rows.tolist())
            if readable := prepared.retrieved.readable:
                rows = sorted(rows, key=lambda row: candidates.ids[row] not in readable)
            ranked = replace(ranked, rows=np.array(rows, np.intp))
        return prepared, self._page(context, prepared, ranked)

    def _rerank(self, context: RequestContext, prepared: Prepared) -> Ranked:
        if prepared.plan.order is not None or context.counts_only:
            return Ranked.nothing()
        request, candidates = context.request, prepared.retrieved.candidates
        keys = candidates.keys(prepared.plan.collapse)
        arm = context.assignment.arm
        stage = self._stage if arm is None else arm.stage
        # The caller of `rank` chose the items: their order is all that is wanted.
        adjustments = Adjustments(
            diversity=0.0 if isinstance(request, RankRequest) else request.diversity,
            exposure=_floors_of(request),
            pivot=context.view.shards.popularity_pivot,
            boosts=prepared.rules.boosts,
            attribute_groups=attribute_groups(
                self.preparation.client, context, stage.floors(_floors_of(request)), candidates.ids
            ),
            keys=keys,
        )
        scores = stage.score(prepared.inputs, context.progress, adjustments)
        # A pinned item stands for its group.
        rows = prepared.rules.pinned_first(
            ranked_rows(scores.total, candidates.ids), candidates.ids
        )
        return Ranked(scores, rows[leaders(rows, keys)[rows] == rows])

    def _page(
        self,
        context: RequestContext,
        prepared: Prepared,
        ranked: Ranked,
        sources: dict[str, dict[str, Any]] | None = None,
        *,
        beside: VariantList | None = None,
    ) -> SearchResponse:
        """The requested page of hits, with sources (read if None) and, on request, explanations.

        `beside`: another variant's list, to interleave.
        """
        frozen = None
        if beside is not None:
            frozen = interleaved(context, VariantList(prepared, ranked), beside)
        rows = prepared.rules.placed(ranked.rows, prepared.retrieved.candidates.ids)
        ranked, read = replace(ranked, rows=rows), self.preparation.below.read
        page = Page.of(context, prepared, ranked, read, frozen)
        if beside is not None:
            page = replace(page, others=((beside.prepared, beside.ranked),))
        response = self._parts.answer(context, prepared, page, sources)
        context.progress.exposure = shown_exposure(
            [hit.item_id for hit in response.hits],
            prepared.retrieved.candidates,
            context.offset,
            context.view.shards.popularity_pivot,
        )
        return response


def _floors_of(request: Request) -> ExposureFloors | None:
    """The floors of a request; None: those of the settings."""
    if isinstance(request, RankRequest):
        return NO_FLOORS
    return None if request.exposure is None else request.exposure.at_least
