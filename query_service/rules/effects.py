"""What the rules that apply to a request do: to the search, to the order, beside the hits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from indexer.catalogue.words.terms import terms
from indexer.index.attribute_schema import AttributeSchema
from query_service.retrieval.filters.filters import Clauses, FilterProblem, clauses
from query_service.retrieval.plan import RetrievalPlan
from query_service.retrieval.text.query_words import MAX_TERMS
from query_service.rules.rule_book import CompiledRule
from query_service.rules.situation import Situation
from query_service.schemas.administration.rules import Rule, Weighting
from query_service.schemas.search.filters import Filters


@dataclass(frozen=True)
class PinnedItem:
    """An item that a rule wants at a position, counted from 1."""

    item_id: str
    position: int
    rule: Rule
    even_unavailable: bool


@dataclass(frozen=True)
class RuleWeight:
    """Items that fulfil `clauses` rise by a share of the list's spread; `by` < 0: they sink."""

    rule: Rule
    clauses: Clauses
    by: float


@dataclass(frozen=True)
class RuleEffects:
    """Of all rules that apply, in their order; `problems`: what can't be done on this index."""

    rules: tuple[Rule, ...] = ()
    filters: tuple[dict[str, Any], ...] = ()
    synonyms: tuple[str, ...] = ()
    pins: tuple[PinnedItem, ...] = ()
    weights: tuple[RuleWeight, ...] = ()
    problems: tuple[str, ...] = ()
    is_sorted: bool = False  # by a field, hence no pins and no weights

    def on(self, plan: RetrievalPlan) -> RetrievalPlan:
        """The plan, with what the rules change in it."""
        return replace(
            plan,
            rule_filters=self.filters,
            synonyms=self.synonyms,
            pins={pin.item_id: pin.even_unavailable for pin in self.pins},
        )

    def pin_of(self, item_id: str) -> PinnedItem | None:
        """The pin of an item; None: no rule pins it."""
        return next((pin for pin in self.pins if pin.item_id == item_id), None)

    @property
    def redirect(self) -> str | None:
        """Where the first rule that redirects sends the visitor."""
        return next((rule.then.redirect for rule in self.rules if rule.then.redirect), None)


NO_EFFECTS = RuleEffects()


def effects_of(
    applying: Sequence[CompiledRule], situation: Situation, attributes: AttributeSchema
) -> RuleEffects:
    """The effects on an index with these `attributes`. Of two pins of an item the first wins."""
    filters: Clauses = []
    pins: dict[str, PinnedItem] = {}
    weights: list[RuleWeight] = []
    problems: list[str] = []

    def compiled(rule: Rule, wanted: Filters | None) -> Clauses:
        try:
            return clauses(wanted, attributes)
        except FilterProblem as error:
            problems.append(f"the rule “{rule.title}” is applied in part: {error}")
            return []

    for rule in (each.rule for each in applying):
        then = rule.then
        filters += compiled(rule, then.filters)
        if then.hide is not None:
            if hidden := compiled(rule, then.hide.filters):
                filters.append({"bool": {"must_not": {"bool": {"filter": hidden}}}})
            if then.hide.item_ids:
                filters.append({"bool": {"must_not": {"ids": {"values": then.hide.item_ids}}}})
        for pin in then.pin or ():
            pinned = PinnedItem(pin.item_id, pin.position, rule, pin.even_unavailable)
            pins.setdefault(pin.item_id, pinned)
        for sign, weightings in ((1.0, then.boost), (-1.0, then.bury)):
            for each in weightings or ():
                weights += _weight(rule, each, sign, compiled(rule, each.filters))
    return RuleEffects(
        rules=tuple(each.rule for each in applying),
        filters=tuple(filters),
        synonyms=_synonyms(applying, situation),
        pins=tuple(pins.values()),
        weights=tuple(weights),
        problems=tuple(problems),
    )


def _weight(rule: Rule, weighting: Weighting, sign: float, body: Clauses) -> list[RuleWeight]:
    return [RuleWeight(rule, body, sign * weighting.by)] if body else []


def _synonyms(applying: Sequence[CompiledRule], situation: Situation) -> tuple[str, ...]:
    """Texts that count as the query: as many as the engine takes with it."""
    query = situation.query
    if not query.text:
        return ()
    texts = dict.fromkeys(
        query.replaced(each.conditions.phrases, synonym)
        for each in applying
        for synonym in each.rule.then.synonyms or ()
    )
    kept: list[str] = []
    left = MAX_TERMS - len(terms(query.text))
    for text in texts:
        left -= len(terms(text))
        if left >= 0:
            kept.append(text)
    return tuple(kept)
