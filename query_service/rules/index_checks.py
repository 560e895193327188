"""What is wrong with a set of rules on the items of an index."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from indexer.index.attribute_schema import AttributeSchema
from plugin_config.connection.client import cluster_unavailable
from plugin_config.ownership import refuse_foreign_mapping
from plugin_config.schema import IndexNames
from query_service.retrieval.filters.filters import Clauses, FilterProblem, clauses
from query_service.rules.contradictions import (
    NumberedRule,
    compiled_rules,
    contradictions,
)
from query_service.rules.overlap import overlap
from query_service.rules.rule_problem import RuleProblem
from query_service.schemas.administration.rules import RuleSet
from query_service.schemas.search.filters import Filters

AT_ONCE = 100  # searches in one request
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class _Probe:
    """A search that some item should fulfil, and the problem if none does."""

    filters: Clauses
    problem: RuleProblem


@dataclass(frozen=True)
class _Filtering:
    """The filters that a rule puts on every hit, as clauses."""

    by: NumberedRule
    body: Clauses
    what: str


def check_rules(
    client: OpenSearch, names: IndexNames, rules: RuleSet, now: float | None = None
) -> list[RuleProblem]:
    """All problems of the rules, as a set and on the live items.

    Raises ClusterUnavailable, ForeignIndex.
    """
    problems = contradictions(rules, now)
    try:
        mappings = client.indices.get_mapping(index=names.items)
    except NotFoundError:
        message = "there is no index yet: items and filters were not looked up"
        return [*problems, RuleProblem("warning", (), message)]
    except OpenSearchException as error:
        raise cluster_unavailable(error) from error
    index, mapping = next((name, body["mappings"]) for name, body in mappings.items())
    refuse_foreign_mapping(names.items, index, mapping)
    compiled, _ = compiled_rules(rules)
    try:
        checks = _IndexChecks(client, names.items, AttributeSchema.of_mapping(mapping))
        return problems + checks.problems(compiled)
    except OpenSearchException as error:
        raise cluster_unavailable(error) from error


class _IndexChecks:
    def __init__(self, client: OpenSearch, index: str, attributes: AttributeSchema) -> None:
        self._client = client
        self._index = index
        self._attributes = attributes

    def problems(self, rules: Sequence[NumberedRule]) -> list[RuleProblem]:
        available = self._availability(rules)
        problems: list[RuleProblem] = []
        probes: list[_Probe] = []
        filterings: list[_Filtering] = []
        for each in rules:
            for path, filters in _filters_of(each):
                try:
                    body = clauses(filters, self._attributes)
                except FilterProblem as error:
                    problems += [
                        each.problem("error", e.message, *path, *e.field.split(".", 2)[1:])
                        for e in error.errors
                    ]
                    continue
                if path == ("then", "filters"):
                    filterings.append(_Filtering(each, body, "filter"))
                elif path == ("then", "hide", "filters"):
                    hidden = [{"bool": {"must_not": {"bool": {"filter": body}}}}]
                    filterings.append(_Filtering(each, hidden, "hiding"))
                values = list(_values(each, path, filters, self._attributes))
                probes += values
                if body and not (len(body) == 1 and values):
                    problem = each.problem("warning", "no item fulfils these filters", *path)
                    probes.append(_Probe(body, problem))
            probes += self._categories(each)
            problems += _unknown_items(each, available)
        for each in rules:
            probes += self._pins(each, filterings, available)
        return [*problems, *self._without_items(probes)]

    def _availability(self, rules: Sequence[NumberedRule]) -> dict[str, bool]:
        """Of each item that a rule names and the index has: whether it is available."""
        ids = sorted({item_id for each in rules for _, item_id in _items_of(each)})
        found: dict[str, bool] = {}
        for first in range(0, len(ids), 1000):
            body = {
                "query": {"ids": {"values": ids[first : first + 1000]}},
                "size": 1000,
                "_source": ["available"],
            }
            hits = self._client.search(index=self._index, body=body)["hits"]["hits"]
            found |= {hit["_id"]: hit["_source"].get("available") is not False for hit in hits}
        return found

    def _categories(self, each: NumberedRule) -> Iterator[_Probe]:
        when = each.rule.when
        named = [(("when", "category"), value) for value in when.category or ()]
        for action, acted_on in ((when.visitor and when.visitor.did) or {}).items():
            path: Path = ("when", "visitor", "did", action, "category")
            named += [(path, value) for value in acted_on.category or ()]  # type: ignore[misc]
        for path, value in named:
            yield _category(each, path, value, self._attributes)

    def _pins(
        self, each: NumberedRule, filterings: Sequence[_Filtering], available: dict[str, bool]
    ) -> Iterator[_Probe]:
        """For each pin a probe whether the filters that hold with it leave the item."""
        when = each.rule.when
        own = Filters.model_validate({"category": when.category}) if when.category else None
        conditions = [
            _Filtering(each, clauses(wanted, self._attributes), "condition")
            for wanted in (own, when.filters)
            if wanted is not None and not _refused(wanted, self._attributes)
        ]
        for number, pin in enumerate(each.rule.then.pin or ()):
            if pin.item_id not in available:
                continue
            for filtering in [*conditions, *filterings]:
                same = filtering.by is each
                how = "certain" if same else overlap(each.conditions, filtering.by.conditions)
                if how != "certain" or not filtering.body:
                    continue
                whose = "of this rule" if same else f"of the rule “{filtering.by.rule.title}”"
                message = f"the {filtering.what} {whose} leaves {pin.item_id} out: it is not shown"
                yield _Probe(
                    [{"ids": {"values": [pin.item_id]}}, *filtering.body],
                    each.problem("error", message, "then", "pin", number),
                )

    def _without_items(self, probes: Sequence[_Probe]) -> list[RuleProblem]:
        """The problems of the probes that no item fulfils."""
        problems = []
        for first in range(0, len(probes), AT_ONCE):
            some = probes[first : first + AT_ONCE]
            lines: list[dict[str, Any]] = []
            for probe in some:
                body = {"query": {"bool": {"filter": probe.filters}}, "size": 0}
                lines += [{"index": self._index}, body | {"terminate_after": 1}]
            responses = self._client.msearch(body=lines)["responses"]
            problems += [
                probe.problem
                for probe, response in zip(some, responses, strict=True)
                if response.get("hits", {}).get("total", {}).get("value") == 0
            ]
        return problems


def _refused(filters: Filters, attributes: AttributeSchema) -> bool:
    try:
        clauses(filters, attributes)
    except FilterProblem:
        return True
    return False


def _filters_of(each: NumberedRule) -> Iterator[tuple[Path, Filters]]:
    when, then = each.rule.when, each.rule.then
    if when.filters is not None:
        yield ("when", "filters"), when.filters
    if then.filters is not None:
        yield ("then", "filters"), then.filters
    if then.hide is not None and then.hide.filters is not None:
        yield ("then", "hide", "filters"), then.hide.filters
    for name, weightings in (("boost", then.boost), ("bury", then.bury)):
        for number, weighting in enumerate(weightings or ()):
            yield ("then", name, number, "filters"), weighting.filters


def _items_of(each: NumberedRule) -> Iterator[tuple[Path, str]]:
    then = each.rule.then
    for number, pin in enumerate(then.pin or ()):
        yield ("then", "pin", number), pin.item_id
    for item_id in (then.hide and then.hide.item_ids) or ():
        yield ("then", "hide", "item_ids"), item_id


def _unknown_items(each: NumberedRule, available: dict[str, bool]) -> Iterator[RuleProblem]:
    even = {pin.item_id for pin in each.rule.then.pin or () if pin.even_unavailable}
    for path, item_id in _items_of(each):
        pinned = path[1] == "pin"
        if item_id not in available:
            message = f"the index has no item {item_id}"
            yield each.problem("error" if pinned else "warning", message, *path)
        elif pinned and not available[item_id] and item_id not in even:
            message = f"{item_id} is not available, hence not shown (even_unavailable = true does)"
            yield each.problem("warning", message, *path)


def _values(
    each: NumberedRule, path: Path, filters: Filters, attributes: AttributeSchema
) -> Iterator[_Probe]:
    """For each category and brand of some filters a probe whether the catalogue has it."""
    for value in (filters.category and filters.category.any) or ():
        yield _category(each, (*path, "category"), value, attributes)
    for value in (filters.brand and filters.brand.any) or ():
        problem = each.problem("warning", f"no item has the brand {value!r}", *path, "brand")
        yield _Probe(clauses(Filters.model_validate({"brand": value}), attributes), problem)


def _category(each: NumberedRule, path: Path, value: str, attributes: AttributeSchema) -> _Probe:
    message = f"no item has the category {value!r}; write its path from the root"
    body = clauses(Filters.model_validate({"category": value}), attributes)
    return _Probe(body, each.problem("error", message, *path))
