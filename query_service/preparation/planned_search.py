"""The plan of a request's searches, with what rules and the query's spelling change in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from query_service.context import RequestContext
from query_service.preparation.asked_of_index import AskedOfIndex, with_vectors
from query_service.preparation.rule_stage import effects_in, with_synonyms
from query_service.retrieval.plan import RetrievalPlan
from query_service.retrieval.search import search_bodies
from query_service.retrieval.spelling.corrections import NO_CORRECTIONS, Corrections
from query_service.retrieval.spelling.missing_words import QueryWordsAsked
from query_service.rules.effects import RuleEffects
from query_service.schemas.search.requests import SearchRequest
from query_service.user.intent import Intent
from query_service.user.visitor import Visitor


@dataclass(frozen=True)
class PlannedSearch:
    """The plan, and what was asked beside its legs, but the facets."""

    plan: RetrievalPlan
    effects: RuleEffects
    corrections: Corrections
    words: QueryWordsAsked

    @classmethod
    def of(
        cls, context: RequestContext, asked: AskedOfIndex, intent: Intent, k: int
    ) -> "PlannedSearch":
        """For what the visitor wants; each leg returns `k` hits."""
        plan = asked.plan(context, intent, k)
        effects = effects_in(context, intent.visitor, is_sorted=plan.order is not None)
        plan = with_synonyms(context, effects.on(plan) if effects.rules else plan)
        # They are looked up in the whole index, whatever a key forces.
        corrections = (
            NO_CORRECTIONS if context.forced else Corrections.of(plan, context.vocabulary.columns)
        )
        words = QueryWordsAsked.of(plan) if context.says_what_is_missing else QueryWordsAsked()
        return cls(words.beside(corrections.beside(plan)), effects, corrections, words)

    @classmethod
    def before_visitor(
        cls, context: RequestContext, asked: AskedOfIndex, k: int
    ) -> "PlannedSearch | None":
        """The same but the vectors, known before the visitor is; None where it may depend on more.

        Rules and lists without a query do.
        """
        request, rules = context.request, context.rules
        if not (isinstance(request, SearchRequest) and context.query_text):
            return None
        if asked.order is not None or rules.rules or rules.problem:
            return None
        nobody = Visitor(request.session_id, request.user_id or "")
        return cls.of(context, asked, Intent(nobody, context.query_text), k)

    def with_vectors(self, context: RequestContext, intent: Intent) -> "PlannedSearch":
        """The one that was made before the visitor was known, with the vectors."""
        return replace(self, plan=with_vectors(self.plan, context, intent))

    @property
    def bodies(self) -> dict[str, Mapping[str, Any]]:
        """The searches so far, by their names."""
        return {**search_bodies(self.plan), **self.plan.beside}
