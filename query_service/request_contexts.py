"""From a request to its context: what it may ask, and what it is answered with."""

import time
from dataclasses import dataclass, replace

from query_service.access.restrictions import request_limits
from query_service.answer.interleaving import assignment_of
from query_service.context import Request, RequestContext, RetrievalOptions
from query_service.cursor import Cursor, CursorExpired
from query_service.experiments.arm import Arm
from query_service.experiments.assignment import Assignment
from query_service.experiments.experiment_book import Experimenting
from query_service.highlighting.highlighter import check_highlight
from query_service.index_view import IndexView
from query_service.observability.identity import PERSONAL_TEXT, Configuration
from query_service.progress import Clock, RequestProgress
from query_service.ranking.stage import RerankStage
from query_service.retrieval.filters.language import language_of
from query_service.retrieval.filters.price_list import priced
from query_service.retrieval.source_fields import ALL_FIELDS, SourceFields
from query_service.rules.rule_book import RulesInForce, RuleSource
from query_service.rules.rule_store import VersionUnknown
from query_service.schemas.search.requests import RankRequest, SearchRequest
from query_service.user.user_vector import FusionWeights


@dataclass(frozen=True)
class RequestContexts:
    """What the contexts of all requests share.

    `deadline_ms`: where a request names none; `bundle`: the name of the learned bundle that the
    models come from; `stage` and `fusion`: without an experiment.
    """

    options: RetrievalOptions
    deadline_ms: int
    engine_timeout_s: float
    cursor_lifetime_s: float
    rules: RuleSource
    experiments: Experimenting
    stage: RerankStage
    fusion: FusionWeights
    bundle: str = ""

    def of(self, request: Request, view: IndexView, arrived: float | None = None) -> RequestContext:
        """The context of a request; its clock started when it `arrived`, None: starts now.

        Raises CursorInvalid, CursorExpired, FilterProblem; NotAllowed for what the caller's key
        does not allow.
        """
        limits = request_limits()
        limits.check_visitor(request.session_id, request.user_id)
        if not isinstance(request, RankRequest):
            limits.check_scenario(request.scenario)
        price_list = limits.check_price_list(request.price_list)
        if price_list != request.price_list:
            request = request.model_copy(update={"price_list": price_list})
        progress = RequestProgress(Clock(request.deadline_ms or self.deadline_ms, arrived))
        progress.note_partial_answers()
        PERSONAL_TEXT.set(getattr(request, "query", None) or "")
        cursor, source_fields = None, ALL_FIELDS
        if not isinstance(request, RankRequest):
            source_fields = SourceFields.of(request.fields, view.attributes)
            if isinstance(request, SearchRequest) and request.highlight:
                check_highlight(request.highlight, marks_descriptions=view.marks_descriptions)
            if request.cursor is not None:
                cursor = Cursor.decode(request.cursor)
                cursor.check(request, self.cursor_lifetime_s)
                progress.degraded.update(cursor.frozen.degraded)  # the list was made without
        priced(view.attributes, request.price_list)  # refused where there is no such list
        assignment, options = assignment_of(self.experiments, request, cursor), self.options
        if assignment.arm is not None:
            options = replace(options, titles=assignment.arm.models.reranker.reads_titles)
        return RequestContext(
            request, view, progress, options, self.engine_timeout_s,
            as_of=cursor.as_of if cursor else time.time(), cursor=cursor,
            source_fields=source_fields, rules=self._rules_of(cursor, assignment),
            language=language_of(view.attributes, request.language), assignment=assignment,
            limits=limits,
            configuration=self.configuration(assignment.arm),
        )  # fmt: skip

    def configuration(self, arm: Arm | None = None) -> Configuration:
        """What it answers with, for the record of each answer; `arm`: of an experiment."""
        stage = self.stage if arm is None else arm.stage
        fusion = self.fusion if arm is None else arm.weights
        weights = {"alpha": fusion.alpha, "beta": fusion.beta, "demand": fusion.demand}
        reranker = stage.reranker
        return Configuration(
            bundle=self.bundle if arm is None else arm.models.bundle,
            reranker=reranker.name if reranker is not None else "",
            weights={**weights, "diversity": stage.diversity},
            reranker_weights=dict(vars(reranker.weights)) if reranker is not None else {},
        )

    def _rules_of(self, cursor: Cursor | None, assignment: Assignment) -> RulesInForce:
        """The rules in force; for a cursor those of its first page. Raises CursorExpired."""
        if cursor is None:
            arm = assignment.arm
            return self.rules.current() if arm is None or arm.rules is None else arm.rules
        try:
            return self.rules.of_version(cursor.rules)
        except VersionUnknown as error:
            raise CursorExpired(
                f"the cursor has expired: {error}. Ask for the first page again"
            ) from error
