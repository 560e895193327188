"""The first steps: load session, encode query, build user vector, retrieve, the re-ranker's input.

Answers and the lists that a re-ranker learns from share them.
"""

from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cached_property

from opensearchpy import OpenSearch

from indexer.bundle.model_bundle import ModelBundle
from query_service.context import (
    MIN_TIMEOUT_S,
    QueryEncoder,
    RequestContext,
    StartingEncoder,
    Vectors,
    VisitorSource,
)
from query_service.facets.facet_counter import CountedFacets, FacetCounter
from query_service.observability.traced_pool import TracedPool
from query_service.preparation.asked_of_index import AskedOfIndex
from query_service.preparation.matches_below import MatchesBelow
from query_service.preparation.planned_search import PlannedSearch
from query_service.preparation.rule_stage import NO_RULES_AT_WORK, RulesAtWork, at_work
from query_service.ranking.rerank_input import RerankInput, rerank_input
from query_service.retrieval.candidates.candidate_items import CandidateItems
from query_service.retrieval.kept_searches import KeptSearches, StartedSearches
from query_service.retrieval.plan import WORDS, RetrievalPlan
from query_service.retrieval.search import Retrieved, retrieve, retrieve_ids
from query_service.retrieval.spelling.corrections import NO_CORRECTIONS, Corrections
from query_service.schemas.search.answers import QueryCut
from query_service.schemas.search.requests import RankRequest
from query_service.settings import ServiceSettings
from query_service.user import user_vector
from query_service.user.decay_time import decay_time
from query_service.user.intent import Intent
from query_service.user.user_vector import FusionWeights, UserVector, UserVectorModel
from query_service.user.visitor import Visitor


@dataclass(frozen=True)
class Prepared:
    """What the visitor wants, what was asked, and the candidates."""

    intent: Intent
    plan: RetrievalPlan
    retrieved: Retrieved
    bundle: ModelBundle
    given: bool  # the candidates are the request's own items
    facets: "Future[CountedFacets] | None" = None
    rules: RulesAtWork = NO_RULES_AT_WORK
    corrections: Corrections = NO_CORRECTIONS
    missing_words: "Future[list[str]] | None" = None

    @cached_property
    def inputs(self) -> RerankInput:
        """The re-ranker's arrays."""
        candidates = self.retrieved.candidates
        return rerank_input(self.bundle, candidates, self.intent, given=self.given)

    @cached_property
    def by_meaning(self) -> frozenset[str]:
        """Ids of the candidates without any word of the query."""
        candidates = self.retrieved.candidates
        if not self.intent.query_text:
            return frozenset()
        pairs = zip(candidates.ids, candidates.has_words.tolist(), strict=True)
        return frozenset(item_id for item_id, has_words in pairs if not has_words)

    @property
    def query_cut(self) -> QueryCut | None:
        """What was searched of a query that is too long; None: all of it."""
        plan = self.plan
        if not plan.terms_left_out:
            return None
        return QueryCut(searched=plan.query_text, terms_left_out=plan.terms_left_out)


class Preparation:
    """The steps, over their collaborators. Safe to use from many threads."""

    def __init__(
        self,
        client: OpenSearch,
        encoder: QueryEncoder | None,
        visitors: VisitorSource,
        settings: ServiceSettings,
        user_model: UserVectorModel | None = None,
    ) -> None:
        """`encoder` None: queries have no vector."""
        self.client = client
        self._encoder = encoder
        self._starting = encoder if isinstance(encoder, StartingEncoder) else None
        self._visitors = visitors
        self._candidates_per_leg = settings.candidates_per_leg
        self._user_model = user_model
        self.fusion = FusionWeights(settings.alpha, settings.beta, settings.demand)
        self.threads = settings.threads
        self.pool = TracedPool(settings.threads, thread_name_prefix="encode")
        facets = TracedPool(settings.threads, thread_name_prefix="facets")
        self._facets = FacetCounter(client, facets)
        self.items = CandidateItems(client, settings.cached_items)
        self.kept = KeptSearches(settings.cached_searches)
        self.below = MatchesBelow(client, settings.cursor_lifetime_s)

    def prepare(self, context: RequestContext) -> Prepared:
        """Every step before the scores. Raises ClusterUnavailable, IndexGone, FieldProblem."""
        # What the index can't answer is refused before any work.
        asked = AskedOfIndex.of(context, self._facets.grids)
        encoding = self._start_encoding(context)  # while the session is read
        early = PlannedSearch.before_visitor(context, asked, self._candidates_per_leg)
        started = self._start(context, early)  # likewise
        visitor = self._load_session(context)
        embedding = self._encoded(context, encoding)
        intent = Intent(visitor, context.query_text, embedding)
        if asked.order is None:
            intent = replace(intent, user_vector=self._build_user_vector(context, intent))
        if early is not None:
            planned = early.with_vectors(context, intent)
        else:
            planned = PlannedSearch.of(context, asked, intent, self._candidates_per_leg)
        plan = asked.facets.beside(planned.plan)
        retrieved = self._retrieve(context, plan, started)
        rest = replace(plan, timeout_s=context.timeout_s(MIN_TIMEOUT_S))
        index = context.view.index
        counting = self._facets.start(index, asked.facets, rest, retrieved)
        missing = planned.words.missing(rest, retrieved, self.pool)
        given = isinstance(context.request, RankRequest)
        rules = at_work(self.client, context, planned.effects, retrieved, collapse=plan.collapse)
        return Prepared(
            intent=intent,
            plan=plan,
            retrieved=retrieved,
            bundle=context.view.bundle,
            given=given,
            facets=counting,
            rules=rules,
            corrections=planned.corrections,
            missing_words=missing,
        )

    def close(self) -> None:
        """Stop the threads."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        self._facets.pool.shutdown(wait=False, cancel_futures=True)

    def _start_encoding(self, context: RequestContext) -> "Future[Vectors] | None":
        if self._encoder is None or not context.query_text:
            return None
        if self._starting is not None:
            return self._starting.start_query(context.query_text)
        return self.pool.submit(self._encoder.encode_query, context.query_text)

    def _load_session(self, context: RequestContext) -> Visitor:
        if context.knows_visitor:
            return self._visitors.visitor(context)
        return Visitor(context.request.session_id, context.request.user_id or "")

    def _encoded(
        self, context: RequestContext, encoding: "Future[Vectors] | None"
    ) -> Vectors | None:
        """The query's embedding float32 [D]; None (and degraded) when it failed or is too late."""
        if encoding is None:
            return None
        with context.progress.stage("encode"):
            return encoding.result(timeout=context.timeout_s())
        return None

    def _build_user_vector(self, context: RequestContext, intent: Intent) -> UserVector | None:
        """The user vector, or None when only the live query is known of the visitor."""
        if not intent.visitor.events and not intent.visitor.queries:
            context.progress.clock.step("user_vector")
            return None
        built: UserVector | None = None
        arm = context.assignment.arm
        with context.progress.stage("user_vector"):
            built = user_vector.build(
                intent.visitor,
                context.view.bundle.in_language(context.language),
                now=decay_time(intent.visitor, context.as_of),
                query_text=intent.query_text,
                query_vector=intent.query_embedding,
                scenario=context.scenario,
                weights=arm.weights if arm else self.fusion,
                model=arm.models.user_model if arm else self._user_model,
            )
        return built if built is not None and built.known and built.knows_behaviour else None

    def _start(
        self, context: RequestContext, early: PlannedSearch | None
    ) -> StartedSearches | None:
        """Send what needs neither the visitor nor a vector, in a thread."""
        if early is None:
            return None
        index, bodies = context.view.index, early.bodies
        return self.kept.start(self.pool, self.client, index, early.plan, bodies)

    def _retrieve(
        self, context: RequestContext, plan: RetrievalPlan, started: StartedSearches | None
    ) -> Retrieved:
        request, view, progress = context.request, context.view, context.progress
        if isinstance(request, RankRequest):
            ids = request.item_ids
            retrieved = retrieve_ids(
                self.client, view.index, ids, plan, dims=view.dims, items=self.items
            )
        else:
            retrieved = retrieve(
                self.client,
                view.index,
                plan,
                view.dims,
                self.items,
                kept=self.kept,
                started=started,
            )
        progress.clock.step("retrieve")
        for stage in retrieved.stages:
            progress.ran(stage)
        for leg, reason in retrieved.failed.items():
            progress.degrade(leg, reason, cause="engine")
        if plan.popular:
            # The popular items' scores are popularity, which is a term of its own.
            candidates = retrieved.candidates.without_scores_of(WORDS)
            retrieved = replace(retrieved, candidates=candidates)
        return retrieved
