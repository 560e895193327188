"""The facets of one request, and the searches that count them in the round trip of the legs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from indexer.catalogue.attributes.filter_keys import filter_key
from indexer.catalogue.categories import JOIN
from indexer.index.attribute_schema import AttributeSchema
from plugin_config.schema import GROUP_KEY
from query_service.facets.buckets import GROUPS, counting
from query_service.facets.facet_field import FacetField, facet_fields
from query_service.facets.histogram import Histogram
from query_service.facets.number_grid import NumberGrid
from query_service.facets.refinement import Refinement
from query_service.retrieval.candidates.pinned_items import pinned_query
from query_service.retrieval.filters.filters import Clauses, clauses
from query_service.retrieval.legs import nearest
from query_service.retrieval.plan import HAS_WORDS, WORDS, RetrievalPlan
from query_service.retrieval.text.text_query import matching
from query_service.schemas.search.facets import FacetOptions
from query_service.schemas.search.filters import Filters

MARGIN = 50  # values beyond those shown, which hits by meaning may lift among them
MOST_PATHS = 200  # of a category, on all levels together
TIME_SHARE = 0.5  # of the legs' time: a late facet must not cost the hits
_SPECIAL = frozenset('.?+*|{}[]()"\\#@&<>~^$-')  # of the engine's regular expressions


@dataclass(frozen=True)
class WantedFacet:
    """A facet with its options. `filters`: the clauses of its items, None: the request's.

    `grid`: edges to count along with the range of numbers.
    """

    options: FacetOptions
    field: FacetField
    refinement: Refinement | None = None
    filters: Clauses | None = None
    grid: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        return self.options.name

    @property
    def body(self) -> str:
        """The name of the body that counts it."""
        return "facets" if self.refinement is None else f"facet {self.name}"

    @property
    def meaning_body(self) -> str:
        """The name of the body that finds its hits by meaning, where it is refined."""
        return f"facet by meaning {self.name}"

    @cached_property
    def wanted(self) -> tuple[str, ...]:
        """The keys that the filters ask for, of a category those above them too."""
        keys = tuple(self.refinement.wanted) if self.refinement else ()
        if self.field.kind != "category":
            return keys
        parts = [key.split(JOIN) for key in keys]
        paths = (JOIN.join(names[: n + 1]) for names in parts for n in range(len(names)))
        return tuple(dict.fromkeys(paths))

    @property
    def text(self) -> str:
        """What its keys must contain; "" for any key."""
        return filter_key(self.options.facet_query or "")

    @property
    def most_values(self) -> int:
        """The most values that are asked for, of a category on all levels together."""
        return MOST_PATHS if self.field.kind == "category" else self.options.size + MARGIN

    def aggregations(self, name: str, plan: RetrievalPlan) -> dict[str, Any]:
        """What the engine counts, by names that begin with `name`; see `counting`."""
        collapse = plan.collapse
        if not self.field.listed:
            counted = {name: {"stats": {"field": self.field.field}}}
            if self.grid and self.options.interval is None and not collapse:
                counted[f"{name} grid"] = Histogram(self.grid, self.field).aggregation
            return counted
        terms = plan.shards.commonest({"field": self.field.field, "size": self.most_values})
        if self.options.sort == "name":
            terms["order"] = {"_key": "asc"}
        elif collapse:
            terms["order"] = [{GROUPS: "desc"}, {"_key": "asc"}]
        if self.text:
            terms["include"] = f".*{_escaped(self.text)}.*"
        counted = {name: counting({"terms": terms}, collapse=collapse)}
        if self.wanted and self.field.kind != "boolean":
            wanted = {"terms": values_of(self.field, self.wanted)}
            counted[f"{name} refined"] = counting(wanted, collapse=collapse)
        return counted


@dataclass(frozen=True)
class FacetPlan:
    """The facets that a request asks for."""

    facets: tuple[WantedFacet, ...] = ()

    @classmethod
    def of(
        cls,
        wanted: Sequence[FacetOptions],
        filters: Filters | None,
        attributes: AttributeSchema,
        grid: Callable[[str], NumberGrid | None] = lambda _: None,
    ) -> "FacetPlan":
        """Resolved against the index's facets; `grid`: that of a number field, where it is known.

        Raises FacetProblem, FilterProblem.
        """
        fields = facet_fields(wanted, attributes)
        facets = []
        for options in wanted:
            field = fields[options.name]
            refinement = Refinement.of(options.name, field, filters)
            others = clauses(refinement.others, attributes) if refinement else None
            known = grid(field.field) if field.kind == "number" else None
            edges = known.edges if known else ()
            facets.append(WantedFacet(options, field, refinement, others, edges))
        return cls(tuple(facets))

    def within(self, forced: Clauses) -> "FacetPlan":
        """The facets of the items that fulfil further filters, which no facet leaves out."""
        if not forced:
            return self
        refined = (
            facet if facet.filters is None else replace(facet, filters=[*forced, *facet.filters])
            for facet in self.facets
        )
        return FacetPlan(tuple(refined))

    def beside(self, plan: RetrievalPlan) -> RetrievalPlan:
        """The plan, with the bodies that count the facets beside its legs.

        One body counts all facets that are not refined, and one each of the others; of a query, a
        further one finds a refined facet's hits by meaning.
        """
        if not self.facets:
            return plan
        timeout = {"timeout": f"{max(int(plan.timeout_s * TIME_SHARE * 1000), 1)}ms"}
        bodies: dict[str, dict[str, Any]] = {}
        for number, facet in enumerate(self.facets):
            body = {"size": 0, "query": items_query(plan, facet), "aggs": {}} | timeout
            bodies.setdefault(facet.body, body)["aggs"] |= facet.aggregations(str(number), plan)
            if facet.refinement and plan.query_vector is not None and plan.query_text:
                bodies[facet.meaning_body] = _by_meaning(plan, facet) | timeout
        fields = [facet.field.field for facet in self.facets if facet.refinement is None]
        return replace(plan.with_bodies(bodies), meaning_fields=fields)


def items_query(plan: RetrievalPlan, facet: WantedFacet) -> Mapping[str, Any]:
    """The items that a facet counts, but those by meaning: the matches of the words leg."""
    plan = _plan_of(plan, facet)
    words = next((leg.query(plan) for leg in plan.legs if leg.name == WORDS), None)
    items = {"bool": {"filter": plan.filters if words is None else [words]}}
    return {"bool": {"should": [items, pinned_query(plan)]}} if plan.pins else items


def values_of(field: FacetField, keys: Sequence[str]) -> dict[str, Any]:
    """The `terms` that count these values alone."""
    return {"field": field.field, "include": list(keys), "size": max(len(keys), 1)}


def _by_meaning(plan: RetrievalPlan, facet: WantedFacet) -> dict[str, Any]:
    plan = _plan_of(plan, facet)
    assert plan.query_vector is not None
    near = nearest(plan.query_vector, plan, plan.filters)
    have_words = [matching(plan)]
    if plan.pins:
        have_words.append(pinned_query(plan))
    named = {"bool": {"should": have_words, "_name": HAS_WORDS}}
    query: dict[str, Any] = {"must": [near], "must_not": have_words}
    if plan.shards.several:  # each returns its k nearest: those with words count among all k
        query = {"must": [near], "should": [{"bool": {"filter": named}}]}
    body = {
        "size": plan.k,
        "_source": False,
        "docvalue_fields": [facet.field.field],
        "query": {"bool": query},
    }
    return body | ({"collapse": {"field": GROUP_KEY}} if plan.collapse else {})


def _plan_of(plan: RetrievalPlan, facet: WantedFacet) -> RetrievalPlan:
    return plan if facet.filters is None else replace(plan, request_filters=facet.filters)


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in text)
