"""What a request asks of the index, checked against its fields, and the plan of its searches."""

from dataclasses import dataclass, replace
from functools import partial

from query_service.context import MIN_TIMEOUT_S, RequestContext
from query_service.facets.facet_plan import FacetPlan
from query_service.facets.number_grid import NumberGrids
from query_service.retrieval.filters.filters import NO_GROUPS, Clauses, FilterProblem, clauses
from query_service.retrieval.filters.language import readable
from query_service.retrieval.filters.where_clauses import where_clauses
from query_service.retrieval.order import SortOrder, sort_order
from query_service.retrieval.plan import RetrievalPlan
from query_service.retrieval.text.query_words import QueryWords
from query_service.schemas.problems import FieldError
from query_service.schemas.search.requests import RankRequest, SearchRequest
from query_service.user.intent import Intent


@dataclass(frozen=True)
class AskedOfIndex:
    """Filters, order, facets, collapsing; for the given items of `rank` only forced filters."""

    filters: Clauses
    order: SortOrder | None
    facets: FacetPlan
    collapse: bool

    @classmethod
    def of(cls, context: RequestContext, grids: NumberGrids) -> "AskedOfIndex":
        """Of a request. Raises FieldProblem for what the index does not have."""
        request, view, forced = context.request, context.view, context.forced
        if isinstance(request, RankRequest):
            return cls(forced, None, FacetPlan(), collapse=False)
        grid = partial(grids.of, view.index)
        return cls(
            [
                *forced,
                *clauses(request.filters, context.attributes),
                *where_clauses(context.where, context.attributes),
            ],
            sort_order(request.sort, context.attributes, by_name=view.sorts_names),
            FacetPlan.of(request.facets, request.filters, context.attributes, grid).within(forced),
            _collapse(context),
        )

    def plan(self, context: RequestContext, intent: Intent, k: int) -> RetrievalPlan:
        """What to ask of OpenSearch, before rules; each leg returns `k` hits."""
        request, options = context.request, context.options
        words = QueryWords.of(intent.query_text, context.vocabulary)
        plan = RetrievalPlan(
            options.legs, words.text, words.prefix, exact=options.exact, titles=options.titles,
            terms_left_out=words.left_out, fields=context.attributes.texts,
            timeout_s=context.timeout_s(MIN_TIMEOUT_S),
            shards=replace(context.view.shards, global_statistics=options.global_statistics),
            request_filters=self.filters,
        )  # fmt: skip
        if isinstance(request, RankRequest):
            return plan
        statistics = context.view.bundle.statistics
        plan = replace(
            with_vectors(plan, context, intent),
            k=k,  # whatever the page: its order must not depend on it
            meaning_cut=statistics.meaning_cut,
            meaning_cut_alone=statistics.meaning_cut_alone,
            preference=f"visitor-{request.session_id}",
            order=self.order,
            collapse=self.collapse,
        )
        if isinstance(request, SearchRequest):
            return replace(plan, corrects=request.spelling)
        events = intent.visitor.events if context.leaves_out_seen else ()
        acted_on = sorted({event.item_id for event in events})
        known = readable(context.attributes, request.language)
        return replace(plan, exclude=acted_on, popular=True, readable=known)


def with_vectors(plan: RetrievalPlan, context: RequestContext, intent: Intent) -> RetrievalPlan:
    """The plan with the vectors of the query and the visitor, and the time that is left."""
    embedding, person = intent.query_embedding, intent.user_vector
    return replace(
        plan,
        query_vector=None if embedding is None else context.view.query_vector(embedding),
        R=None if person is None else person.R,
        timeout_s=context.timeout_s(MIN_TIMEOUT_S),
    )


def _collapse(context: RequestContext) -> bool:
    request, view = context.request, context.view
    if isinstance(request, RankRequest):
        return False
    if request.collapse and not view.attributes.has_groups:
        raise FilterProblem([FieldError(field="collapse", message=NO_GROUPS)])
    named = request.filters is not None and request.filters.group_id is not None
    default = context.options.collapse and not named
    return view.has_variants and (default if request.collapse is None else request.collapse)
