"""Counts of facets, from the responses beside the legs and, where needed, a second round trip.

The second one is under way while the candidates are re-ranked. It asks what only the first one
tells how to ask: the buckets of histograms, the forms of values that are not known yet, and, of
long lists, the words' matches of values that only hits by meaning have shown.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from opensearchpy import OpenSearch

from plugin_config.errors import LiveIntentError
from plugin_config.schema import GROUP_KEY
from query_service.facets.buckets import bucket_counts, counting
from query_service.facets.facet_count import FacetCount, Fields
from query_service.facets.facet_field import FacetField
from query_service.facets.facet_list import facet_values
from query_service.facets.facet_plan import (
    FacetPlan,
    WantedFacet,
    items_query,
    values_of,
)
from query_service.facets.histogram import Histogram, shown_number
from query_service.facets.number_grid import NumberGrids
from query_service.facets.shown_values import ShownValues
from query_service.retrieval.engine_searches import failure, searches
from query_service.retrieval.plan import HAS_WORDS, MEANING, RetrievalPlan
from query_service.retrieval.search import Retrieved
from query_service.schemas.search.facets import Facet

_NOT_ASKED = {"error": {"type": "none", "reason": "no search was sent"}}


@dataclass
class CountedFacets:
    """The facets of an answer; `problems`: what is missing, by facet."""

    facets: dict[str, Facet] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """What is missing, in a line; "" for nothing."""
        return "; ".join(f"{name}: {reason}" for name, reason in self.problems.items())


@dataclass(frozen=True)
class FacetCounter:
    """Counts facets. Safe to use from many threads."""

    client: OpenSearch
    pool: ThreadPoolExecutor
    shown: ShownValues = field(default_factory=ShownValues)
    grids: NumberGrids = field(default_factory=NumberGrids)

    def start(
        self, index: str, wanted: FacetPlan, plan: RetrievalPlan, retrieved: Retrieved
    ) -> "Future[CountedFacets] | None":
        """The facets of the items retrieved by `plan`, in its time; None if none are wanted."""
        if not wanted.facets:
            return None
        return self.pool.submit(_Counting(self, index, wanted, plan, retrieved).run)


class _Counting:
    """The count of one request's facets."""

    def __init__(
        self,
        counter: FacetCounter,
        index: str,
        wanted: FacetPlan,
        plan: RetrievalPlan,
        retrieved: Retrieved,
    ) -> None:
        self._counter, self._index, self._plan = counter, index, plan
        self._retrieved = retrieved
        self._wanted = wanted
        self._counted = CountedFacets()

    def run(self) -> CountedFacets:
        counts = self._first()
        histograms = {
            name: histogram
            for name, count in counts.items()
            if not count.facet.field.listed and (histogram := count.histogram)
        }
        answers = self._second(counts, histograms)
        for name, count in counts.items():
            facet = count.facet
            known = self._forms(facet)
            answered = answers.get(name, {})
            self._counted.facets[name] = _shown(count, known, answered, histograms.get(name))
        return self._counted

    def _first(self) -> dict[str, FacetCount]:
        """The count of each facet whose body was answered."""
        counts = {}
        for number, facet in enumerate(self._wanted.facets):
            response = self._retrieved.beside.get(facet.body, _NOT_ASKED)
            reason = failure(response)
            by_meaning: Sequence[Fields] = self._retrieved.meaning_fields
            if facet.refinement is not None:
                near = self._retrieved.beside.get(facet.meaning_body, {"hits": {"hits": ()}})
                reason = reason or failure(near)
                by_meaning = () if reason else self._close_enough(near, response)
            if reason:
                self._counted.problems[facet.name] = reason
                continue
            aggregations = response["aggregations"]
            counts[facet.name] = FacetCount.of(facet, str(number), aggregations, by_meaning)
        return counts

    def _close_enough(self, near: Mapping[str, Any], words: Mapping[str, Any]) -> list[Fields]:
        """Doc values of a refined facet's hits by meaning, by the cut of all hits by meaning."""
        plan = self._plan
        inner_product = {leg.name: leg.score for leg in plan.legs}.get(MEANING, float)
        has_words = words["hits"]["total"]["value"] > 0
        cut = plan.meaning_cut if has_words else plan.meaning_cut_alone
        hits = [
            hit
            for hit in near["hits"]["hits"]
            if inner_product(hit["_score"]) >= cut
            and HAS_WORDS not in hit.get("matched_queries", ())
        ]
        fields: list[Fields] = [hit.get("fields", {}) for hit in hits]
        # A group counts by meaning only if none of its items has a word of the query.
        with_words = self._retrieved.candidates.groups_with_words
        return [each for each in fields if with_words.isdisjoint(each.get(GROUP_KEY, ()))]

    def _second(
        self, counts: Mapping[str, FacetCount], histograms: Mapping[str, Histogram]
    ) -> dict[str, dict[str, Any]]:
        """The aggregations of the second round trip, by facet; without questions there is none."""
        bodies: dict[str, dict[str, Any]] = {}
        for name, count in counts.items():
            aggs: dict[str, Any] = {}
            collapse = self._plan.collapse
            histogram = histograms.get(name)
            if histogram and histogram.of_grid(count.facet.grid, count.grid) is None:
                aggs["histogram"] = counting(histogram.aggregation, collapse=collapse)
                if self._lacks_grid(count.facet.field):
                    bodies[f"range {name}"] = NumberGrids.body(count.facet.field.field)
            if count.unsure:
                unsure = {"terms": values_of(count.facet.field, count.unsure)}
                aggs["unsure"] = counting(unsure, collapse=collapse)
            if aggs:
                query = items_query(self._plan, count.facet)
                bodies[f"count {name}"] = {"size": 0, "query": query, "aggs": aggs}
            if missing := self._missing(count):
                first = not self._forms(count.facet)
                bodies[f"shown {name}"] = ShownValues.body(count.facet.field, missing, first=first)
        answers: dict[str, dict[str, Any]] = {}
        for body, response in self._answers(bodies).items():
            what, _, name = body.partition(" ")
            if reason := failure(response):
                missed = "values are as filters compare them" if what == "shown" else "not complete"
                self._counted.problems[name] = f"{missed}: {reason}"
            elif what == "count":
                answers[name] = response["aggregations"]
            elif what == "range":
                self._counter.grids.learn(self._index, counts[name].facet.field.field, response)
            else:
                ShownValues.learn(self._forms(counts[name].facet), response)
        return answers

    def _answers(self, bodies: dict[str, dict[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
        """The engine's responses; where it does not answer, those of failures."""
        if not bodies:
            return {}
        timeout = {"timeout": f"{max(int(self._plan.timeout_s * 1000), 1)}ms"}
        bodies = {name: body | timeout for name, body in bodies.items()}
        try:
            return searches(self._counter.client, self._index, self._plan, bodies)
        except LiveIntentError as error:
            return {name: {"error": {"type": "error", "reason": error.plain}} for name in bodies}

    def _missing(self, count: FacetCount) -> list[str]:
        """Keys that may be shown, and whose form is not known."""
        facet = count.facet
        if not facet.field.shown:
            return []
        keys = {key for key, number in count.items({})[: facet.most_values] if number}
        wanted = set(facet.wanted) & count.words.keys()
        return sorted((keys | wanted | set(count.unsure)) - self._forms(facet).keys())[:1000]

    def _lacks_grid(self, field: FacetField) -> bool:
        return field.kind == "number" and self._counter.grids.of(self._index, field.field) is None

    def _forms(self, facet: WantedFacet) -> dict[str, str]:
        return self._counter.shown.forms(self._index, facet.field)


def _shown(
    count: FacetCount,
    forms: Mapping[str, str],
    answered: Mapping[str, Any],
    histogram: Histogram | None,
) -> Facet:
    facet = count.facet
    shown = Facet(kind=facet.field.kind, refined=facet.refinement is not None)
    if facet.field.listed:
        values, more = facet_values(count, bucket_counts(answered.get("unsure", {})), forms)
        return shown.model_copy(update={"values": values, "more_values": more})
    if not count.range.count:
        return shown.model_copy(update={"histogram": []})
    low, high = (shown_number(n, facet.field) for n in (count.range.low, count.range.high))
    update: dict[str, Any] = {"min": low, "max": high}
    if facet.field.kind == "number":
        update["average"] = float(f"{count.range.total / count.range.count:.7g}")
    counted = histogram.of_grid(facet.grid, count.grid) if histogram else None
    if histogram and (counted := counted or answered.get("histogram")):
        update["histogram"] = histogram.buckets(counted, count.numbers)
    return shown.model_copy(update=update)
