"""The rules' part in a request: before retrieval, in the scores, in the order, in the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch

from query_service.context import MIN_TIMEOUT_S, RequestContext
from query_service.ranking.scores import Boost
from query_service.retrieval.candidates.pinned_items import RULES
from query_service.retrieval.filters.matching_items import matching_items
from query_service.retrieval.plan import RetrievalPlan
from query_service.retrieval.search import Retrieved
from query_service.rules.effects import NO_EFFECTS, RuleEffects, effects_of
from query_service.rules.situation import Situation
from query_service.schemas.administration.rules import Rule
from query_service.schemas.search.answers import AppliedRule, Banner
from query_service.schemas.search.requests import RankRequest, SearchRequest
from query_service.user.visitor import Visitor


@dataclass(frozen=True)
class RulesAtWork:
    """The effects of the rules that apply, and what became of them in one request."""

    effects: RuleEffects = NO_EFFECTS
    boosts: tuple[Boost, ...] = ()
    pinned: frozenset[str] = frozenset()  # ids of the pinned items that may be shown
    forced: bool = False  # whether a key's filters keep items from the caller

    def pinned_first(self, rows: NDArray[np.intp], ids: Sequence[str]) -> NDArray[np.intp]:
        """The ranked rows, those of pinned items before all others, intp [n].

        `rows` intp [n] into `ids`, which are those of all candidates.
        """
        if not self.pinned:
            return rows
        is_pinned = np.array([ids[row] in self.pinned for row in rows.tolist()])
        return np.concatenate([rows[is_pinned], rows[~is_pinned]])

    def placed(self, rows: NDArray[np.intp], ids: Sequence[str]) -> NDArray[np.intp]:
        """The ranked rows with pinned items at their positions, the others in their order.

        `rows` and `ids` as of `pinned_first`; a pinned item that `rows` lacks comes in too.
        Of two pins at one position the second comes next; a position behind the last candidate is
        the last one.
        """
        if not self.pinned:
            return rows
        row_of = {item_id: row for row, item_id in enumerate(ids)}
        pins = [pin for pin in self.effects.pins if pin.item_id in self.pinned]
        rest = [row for row in rows.tolist() if ids[row] not in self.pinned]
        placed: list[int] = []
        for pin in sorted(pins, key=lambda pin: pin.position):
            taken = max(pin.position - 1 - len(placed), 0)
            placed += rest[:taken]
            rest = rest[taken:]
            placed.append(row_of[pin.item_id])
        return np.array(placed + rest, np.intp)

    def why_pinned(self, item_id: str) -> str:
        """Which rule pinned an item, in words; "" for any other."""
        pin = self.effects.pin_of(item_id) if item_id in self.pinned else None
        return f"pinned at {pin.position} by the rule “{pin.rule.title}”" if pin else ""

    def pinned_by(self, item_id: str) -> str | None:
        """The id of the rule that pinned an item; None for any other."""
        pin = self.effects.pin_of(item_id) if item_id in self.pinned else None
        return pin.rule.id if pin else None

    @property
    def applied(self) -> list[AppliedRule]:
        """What each rule that applies did."""
        return [
            AppliedRule(id=rule.id, name=rule.title, did=self._did(rule))
            for rule in self.effects.rules
        ]

    @property
    def banners(self) -> list[Banner]:
        """The banners of all rules that apply, in their order."""
        rules = self.effects.rules
        return [
            Banner(rule_id=r.id, data=r.then.banner) for r in rules if r.then.banner is not None
        ]

    def _did(self, rule: Rule) -> list[str]:
        then, effects = rule.then, self.effects
        did = []
        if effects.is_sorted and (then.pin or then.boost or then.bury):
            did.append("did not pin, boost or bury: the request sorts the hits")
        for pin in () if effects.is_sorted else then.pin or ():
            winner = effects.pin_of(pin.item_id)
            is_shown = pin.item_id in self.pinned
            # Outside a key's filters not even an id is said.
            which = pin.item_id if is_shown or not self.forced else "an item"
            if winner is None or winner.rule is not rule:
                did.append(f"left {which} to an earlier rule")
            elif is_shown:
                did.append(f"pinned {which} at {pin.position}")
            else:
                did.append(
                    f"did not pin {which}: not available, hidden, deleted, left out by "
                    "a filter, or another one of its group is pinned"
                )
        for weight, boost in zip(effects.weights, self.boosts, strict=False):
            if weight.rule is rule:
                verb = "boosted" if weight.by > 0 else "buried"
                did.append(f"{verb} {int(boost.rows.sum())} candidates by {abs(weight.by):g}")
        if then.hide is not None:
            did.append("hid items")
        if then.filters is not None:
            did.append("added a filter")
        if then.synonyms and effects.synonyms:
            did.append(f"searched for {', '.join(effects.synonyms)} too")
        if then.redirect is not None:
            did.append("redirected" if then.redirect == effects.redirect else "left the redirect")
        if then.banner is not None:
            did.append("gave a banner")
        return did


NO_RULES_AT_WORK = RulesAtWork()


def effects_in(context: RequestContext, visitor: Visitor, *, is_sorted: bool) -> RuleEffects:
    """The effects of the rules in force on this request. A ranking of given items has none.

    Where the request's own order `is_sorted` by a field, no rule pins, boosts or buries.
    """
    rules, request, progress = context.rules, context.request, context.progress
    if isinstance(request, RankRequest) or not (rules.rules or rules.problem):
        return NO_EFFECTS
    if rules.problem:
        progress.degrade(RULES, rules.problem, cause="refused")
    known = context.personalize and "session" not in progress.degraded
    situation = Situation(
        request="search" if isinstance(request, SearchRequest) else "recommend",
        query_text=context.query_text,
        filters=context.stated_filters,
        scenario=context.scenario,
        user_id=request.user_id or "",
        visitor=visitor if known else None,
        at=context.as_of if rules.at is None else rules.at,
    )
    applying = rules.applying(situation)
    if not applying:
        return NO_EFFECTS
    effects = effects_of(applying, situation, context.view.attributes)
    if effects.problems:
        progress.degrade(RULES, "; ".join(effects.problems), cause="refused")
    return replace(effects, pins=(), weights=(), is_sorted=True) if is_sorted else effects


def with_synonyms(context: RequestContext, plan: RetrievalPlan) -> RetrievalPlan:
    """The plan with the texts that the index's synonyms add, after those of rules."""
    if isinstance(context.request, RankRequest):
        return plan
    texts = context.rules.synonyms.texts(plan.query_text, plan.synonyms)
    return replace(plan, synonyms=(*plan.synonyms, *texts)) if texts else plan


def at_work(
    client: OpenSearch,
    context: RequestContext,
    effects: RuleEffects,
    retrieved: Retrieved,
    *,
    collapse: bool,
) -> RulesAtWork:
    """The effects on the candidates: asks the engine which of them a boost is for, if any is."""
    if not effects.rules:
        return NO_RULES_AT_WORK
    boosts: tuple[Boost, ...] = ()
    if effects.weights:
        with context.progress.stage(RULES):
            ids = retrieved.candidates.ids
            found = matching_items(
                client,
                context.view.index,
                ids,
                [weight.clauses for weight in effects.weights],
                {"request_timeout": context.timeout_s(MIN_TIMEOUT_S)},
            )
            boosts = tuple(
                Boost(weight.rule.title, np.array([item_id in which for item_id in ids]), weight.by)
                for weight, which in zip(effects.weights, found, strict=True)
            )
    keys = dict(zip(retrieved.candidates.ids, retrieved.candidates.keys(collapse), strict=True))
    first: dict[str, str] = {}  # of two pinned items of a group the one that comes first
    for pin in sorted(effects.pins, key=lambda pin: pin.position):
        if pin.item_id in retrieved.pinned and pin.item_id in keys:
            first.setdefault(keys[pin.item_id], pin.item_id)
    return RulesAtWork(effects, boosts, frozenset(first.values()), forced=bool(context.forced))
