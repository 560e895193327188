"""What the conditions of rules look at, and whether one of them holds."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from indexer.catalogue.attributes.filter_keys import filter_key
from query_service.rules.filter_containment import in_category, is_below, within
from query_service.rules.spelled_query import SpelledQuery, compiled_pattern
from query_service.schemas.administration.rules import ActedOn, Conditions, VisitorCondition
from query_service.schemas.search.filters import Filters
from query_service.user.visitor import Visitor

FIELDS = ("brand", "category")  # of an item that a visitor acted on


@dataclass(frozen=True)
class Situation:
    """One request. `visitor` None: what the visitor did is not known; `at`: seconds since 1970."""

    request: Literal["search", "recommend"]
    query_text: str
    filters: Filters | None
    scenario: str
    user_id: str
    visitor: Visitor | None
    at: float

    @cached_property
    def query(self) -> SpelledQuery:
        """The query as rules compare it."""
        return SpelledQuery(self.query_text)

    @cached_property
    def acted_on(self) -> dict[str, list[set[str]]]:
        """By action, of each item: the filter keys of brand and categories, as `brand:acme`."""
        acted: dict[str, list[set[str]]] = {}
        for event in self.visitor.events if self.visitor else ():
            pairs = (feature.partition(":") for feature in event.features)
            features = {f"{kind}:{filter_key(name)}" for kind, _, name in pairs if kind in FIELDS}
            acted.setdefault(event.action, []).append(features)
        return acted


class CompiledConditions:
    """The conditions of a rule, ready to be asked of many requests."""

    def __init__(self, when: Conditions) -> None:
        """Raises ValueError for a pattern that RE2 refuses."""
        self.when = when
        self.window = _seconds(when)
        query = when.query
        self.equal = tuple(map(SpelledQuery, (query and query.is_) or ()))
        self.contained = tuple(map(SpelledQuery, (query and query.contains) or ()))
        self.pattern: Any = compiled_pattern(query.matches) if query and query.matches else None
        self._joined = {phrase.joined for phrase in self.equal}
        self._did = {
            action: _wanted(acted_on)
            for action, acted_on in ((when.visitor and when.visitor.did) or {}).items()
        }

    @property
    def phrases(self) -> tuple[SpelledQuery, ...]:
        """The phrases that the query is, or has."""
        return self.equal + self.contained

    def hold(self, situation: Situation) -> bool:
        """Whether all conditions hold."""
        when = self.when
        begin, end = self.window
        return (
            begin <= situation.at < end
            and (when.request is None or when.request == situation.request)
            and (when.scenario is None or situation.scenario in when.scenario)
            and (when.query is None or self.hold_of_query(situation.query))
            and (when.category is None or in_category(situation.filters, when.category))
            and (when.filters is None or within(situation.filters, when.filters))
            and (when.visitor is None or self._hold_of_visitor(when.visitor, situation))
        )

    def hold_of_query(self, query: SpelledQuery) -> bool:
        """Whether the condition on the query holds; without a query it does not."""
        if not query.text or (self.equal and query.joined not in self._joined):
            return False
        if self.contained and not any(query.find(phrase) for phrase in self.contained):
            return False
        return self.pattern is None or query.matches(self.pattern)

    def _hold_of_visitor(self, wanted: VisitorCondition, situation: Situation) -> bool:
        if wanted.known is not None and wanted.known != bool(situation.user_id):
            return False
        visitor = situation.visitor
        if wanted.new is None and not self._did:
            return True
        if visitor is None:
            return False
        is_new = not visitor.events and not visitor.queries
        if wanted.new is not None and wanted.new != is_new:
            return False
        return all(
            any(_has_each(features, wanted) for features in situation.acted_on.get(action, ()))
            for action, wanted in self._did.items()
        )


def _seconds(when: Conditions) -> tuple[float, float]:
    begin = when.window.begin if when.window else None
    end = when.window.end if when.window else None
    return (
        begin.timestamp() if begin else float("-inf"),
        end.timestamp() if end else float("inf"),
    )


def _wanted(acted_on: ActedOn) -> list[set[str]]:
    """Of each field: the features of which the visitor has one."""
    fields = (("brand", acted_on.brand), ("category", acted_on.category))
    return [{f"{name}:{filter_key(v)}" for v in values} for name, values in fields if values]


def _has_each(features: Collection[str], wanted: list[set[str]]) -> bool:
    """Whether one of each set is there. (A category's feature is there with those above it.)"""
    return all(any(is_below(feature, keys) for feature in features) for keys in wanted)
