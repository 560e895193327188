"""What is wrong with a set of rules, whatever the items: each rule alone, and rules together."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from query_service.rules.overlap import overlap
from query_service.rules.rule_problem import Location, RuleProblem
from query_service.rules.situation import CompiledConditions
from query_service.rules.spelled_query import SpelledQuery
from query_service.schemas.administration.rules import Pin, Rule, RuleSet

EVERYTHING = 'it would apply to every request: if it should, write request = "search"'


@dataclass(frozen=True)
class NumberedRule:
    """A rule at its place in the set, with its conditions compiled."""

    number: int
    rule: Rule
    conditions: CompiledConditions

    def at(self, *path: str | int) -> Location:
        """A location in the rule."""
        return ("rules", self.number, *path)

    def problem(self, severity: Any, message: str, *path: str | int) -> RuleProblem:
        """A problem at that path."""
        return RuleProblem(severity, self.at(*path), message, self.rule.title)


def compiled_rules(rules: RuleSet) -> tuple[list[NumberedRule], list[RuleProblem]]:
    """The enabled rules, compiled; and a problem for each pattern that RE2 refuses."""
    compiled, problems = [], []
    for number, rule in enumerate(rules.rules):
        try:
            conditions = CompiledConditions(rule.when)
        except ValueError as error:
            location = ("rules", number, "when", "query", "matches")
            problems.append(RuleProblem("error", location, str(error), rule.title))
        else:
            if rule.enabled:
                compiled.append(NumberedRule(number, rule, conditions))
    return compiled, problems


def contradictions(rules: RuleSet, now: float | None = None) -> list[RuleProblem]:
    """All problems that can be found without the index; `now` in seconds since 1970."""
    compiled, problems = compiled_rules(rules)
    problems += _doubled_ids(rules)
    for each in compiled:
        problems += _of_one(each, time.time() if now is None else now)
    problems += _of_pins(compiled)
    problems += _hidden_pins(compiled)
    return problems


def is_empty(part: Any) -> bool:
    """Whether a condition or a filter says nothing."""
    if isinstance(part, dict):
        return all(is_empty(value) for value in part.values())
    if isinstance(part, list):
        return all(is_empty(value) for value in part)
    return part is None or part == ""


def _doubled_ids(rules: RuleSet) -> Iterator[RuleProblem]:
    first: dict[str, int] = {}
    for number, rule in enumerate(rules.rules):
        if first.setdefault(rule.id, number) != number:
            message = f"the id {rule.id} is that of another rule before it"
            yield RuleProblem("error", ("rules", number, "id"), message, rule.title)


def _of_one(each: NumberedRule, now: float) -> Iterator[RuleProblem]:
    when, then = each.rule.when, each.rule.then
    conditions = when.model_dump(exclude_none=True)
    if not conditions:
        yield each.problem("error", f"it has no condition; {EVERYTHING}", "when")
    for name, part in conditions.items():
        may_be_empty = name == "visitor" and when.visitor is not None and when.visitor.did
        if is_empty(part) and not may_be_empty:
            yield each.problem("error", f"{name} says nothing; {EVERYTHING}", "when", name)
    for name in ("is_", "contains"):
        for phrase in getattr(when.query, name, None) or ():
            if not SpelledQuery(phrase).joined:
                message = f"{phrase!r} has no letter and no digit, so no query has it"
                yield each.problem("error", message, "when", "query", name.rstrip("_"))
    if each.conditions.pattern is not None and each.conditions.pattern.search("") is not None:
        message = "it matches every query"
        yield each.problem("warning", message, "when", "query", "matches")
    if when.request == "recommend" and when.query is not None:
        yield each.problem("error", "a recommendation has no query: it never applies", "when")
    if each.conditions.window[1] <= now and when.window is not None:
        message = f"its window ended at {when.window.until}: it does not apply any more"
        yield each.problem("warning", message, "when", "window")
    consequences = then.model_dump(exclude_none=True)
    if not consequences:
        yield each.problem("error", "it does nothing", "then")
    filters = [("then", name) for name in ("filters", "hide") if name in consequences]
    filters += [
        ("then", name, number)  # type: ignore[misc]
        for name in ("boost", "bury")
        for number in range(len(consequences.get(name, ())))
    ]
    for path in filters:
        named: Any = {"then": consequences}
        for key in path:
            named = named[key]
        if is_empty(named["filters"] if path[1] in ("boost", "bury") else named):
            yield each.problem("error", "it names no items", *path)
    if then.synonyms and not each.conditions.phrases and each.conditions.pattern is None:
        message = "synonyms need a condition on the query, for whose words they stand"
        yield each.problem("error", message, "then", "synonyms")


def _of_pins(rules: Sequence[NumberedRule]) -> Iterator[RuleProblem]:
    """Two pins at one position, or one item at two, where both rules apply."""
    at_position: dict[int, list[tuple[NumberedRule, int, Pin]]] = defaultdict(list)
    of_item: dict[str, list[tuple[NumberedRule, int, Pin]]] = defaultdict(list)
    for each in rules:
        for number, pin in enumerate(each.rule.then.pin or ()):
            for earlier, _, other in at_position[pin.position]:
                if other.item_id != pin.item_id:
                    what = f"{_whose(earlier, each)} pins {other.item_id} at {pin.position} too"
                    yield from _clash(each, earlier, what, "then", "pin", number)
            for earlier, _, other in of_item[pin.item_id]:
                if earlier is each or other.position != pin.position:
                    what = f"{_whose(earlier, each)} pins {pin.item_id} at {other.position}"
                    found = _clash(each, earlier, what, "then", "pin", number)
                    yield from (
                        found
                        if earlier is each
                        else (each.problem("warning", p.message, *p.location[2:]) for p in found)
                    )
            at_position[pin.position].append((each, number, pin))
            of_item[pin.item_id].append((each, number, pin))


def _hidden_pins(rules: Sequence[NumberedRule]) -> Iterator[RuleProblem]:
    hiding = [
        (each, set(each.rule.then.hide.item_ids or ())) for each in rules if each.rule.then.hide
    ]
    for each in rules:
        for number, pin in enumerate(each.rule.then.pin or ()):
            for other, hidden in hiding:
                if pin.item_id in hidden:
                    what = f"{_whose(other, each)} hides {pin.item_id}"
                    yield from _clash(each, other, what, "then", "pin", number, hidden=True)


def _clash(
    each: NumberedRule, other: NumberedRule, what: str, *path: str | int, hidden: bool = False
) -> Iterator[RuleProblem]:
    how = "certain" if each is other else overlap(each.conditions, other.conditions)
    if how == "certain":
        yield each.problem("error", what, *path)
    elif how == "possible":
        wins = "it is hidden" if hidden else "the first one wins"
        yield each.problem("warning", f"{what}; where both apply, {wins}", *path)


def _whose(other: NumberedRule, each: NumberedRule) -> str:
    return "this rule" if other is each else f"the rule “{other.rule.title}”"
