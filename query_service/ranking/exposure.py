"""Floors of exposure: groups of items get at least a share of the list, at a bounded cost.

The exposure of a position is 1 / log2(1 + position). A greedy choice, position by position, as in
Geyik, Ambler and Kenthapadi, "Fairness-aware ranking in search and recommendation systems", 2019
(https://doi.org/10.1145/3292500.3330691), which here stops where it would cost too much relevance.
"""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from query_service.ranking.scores import Scores, ranked_rows
from query_service.retrieval.candidates.candidates import Candidates
from query_service.setting_texts.exposure_floors import (
    BRAND,
    CATEGORY,
    LONG_TAIL,
    NEW,
    ExposureFloors,
)

Floats = NDArray[np.float32]
DEPTH = 50  # positions that are chosen one by one; the others keep their order
NO_GROUPS: Mapping[str, Set[str]] = MappingProxyType({})
LEAST = 10  # positions whose relevance the cost is a share of, at the top of the list too


@dataclass(frozen=True)
class FloorsAtWork:
    """`floors`: rows of a group, bool [n], and its least share; `max_cost` as in ExposureFloors."""

    floors: tuple[tuple[NDArray[np.bool_], float], ...] = ()
    max_cost: float = 0.0


def at_work(
    exposure: ExposureFloors,
    candidates: Candidates,
    pivot: float,
    attribute_groups: Mapping[str, Set[str]] = NO_GROUPS,
) -> FloorsAtWork:
    """The floors with the rows of each group, without those that no candidate is in.

    `pivot`: the popularity below which an item is of the long tail; 0: unknown, none is.
    `attribute_groups`: item ids by the groups that are of an attribute.
    """
    rows = {
        group: np.array([item_id in attribute_groups.get(group, ()) for item_id in candidates.ids])
        if group in exposure.attributes
        else _members(group, candidates, pivot)
        for group in exposure.floors
    }
    groups = [(own, exposure.floors[group]) for group, own in rows.items() if own.any()]
    return FloorsAtWork(tuple(groups), exposure.max_cost)


def exposed(
    scores: Scores, ids: tuple[str, ...], working: FloorsAtWork, leading: NDArray[np.intp]
) -> Scores:
    """The scores with as much for items of groups as brings them to their positions.

    A group takes the next position when that brings its share of the positions so far nearer to its
    floor, the one that lacks most first, if the list's relevance allows it. `leading` int [n]: the
    row that stands for each one's group of variants; only these are moved, variants with them.
    """
    total = scores.total
    order = [row for row in ranked_rows(total, ids).tolist() if leading[row] == row]
    order = [row for row in order if np.isfinite(total[row])]
    if not working.floors or len(order) < 2:
        return scores
    chosen = _chosen(total, order, working)
    if chosen == order[: len(chosen)]:
        return scores
    raised = total.copy()
    above = np.float32(np.inf)
    for row, after in zip(chosen[-2::-1], chosen[:0:-1], strict=True):
        if raised[row] <= raised[after]:
            raised[row] = np.nextafter(raised[after], above)
    gain: Floats = (raised - total)[leading]
    # Of a row that stands for itself `raised` alone: a sum could round to a tie.
    itself = leading == np.arange(len(total))
    return replace(scores, total=np.where(itself, raised, total + gain), exposure=gain)


def shown_exposure(
    item_ids: Sequence[str], candidates: Candidates, offset: int, pivot: float
) -> dict[str, float]:
    """The exposure of a page behind `offset` hits: of `all` candidates in it, and of each group."""
    rows = {item_id: row for row, item_id in enumerate(candidates.ids)}
    exposure = dict.fromkeys(("all", LONG_TAIL, NEW), 0.0)
    for position, item_id in enumerate(item_ids, offset + 1):
        row = rows.get(item_id)
        if row is not None:
            weight, popularity = 1 / math.log2(1 + position), float(candidates.popularity[row])
            exposure["all"] += weight
            exposure[LONG_TAIL] += weight * (popularity < pivot)
            exposure[NEW] += weight * (popularity <= 0)
    return exposure


def _chosen(total: Floats, order: Sequence[int], working: FloorsAtWork) -> list[int]:
    """The rows of the first positions, in their new order."""
    depth = min(DEPTH, len(order))
    weights = 1 / np.log2(np.arange(2, depth + 2))
    lowest = float(total[order[depth - 1]])
    spread = max(float(total[order[0]]) - lowest, 1e-6)
    # Items from below DEPTH cost more than any above: they have less than nothing.
    relevance = {row: (float(total[row]) - lowest) / spread for row in order}
    best = np.cumsum([weights[rank] * relevance[order[rank]] for rank in range(depth)])
    left, chosen = dict.fromkeys(order), list[int]()
    reached = [0.0] * len(working.floors)
    relevant = exposure = 0.0
    for rank in range(depth):
        weight = float(weights[rank])
        exposure += weight
        allowed = working.max_cost * float(best[max(rank, min(LEAST, depth) - 1)])
        row = next(iter(left))
        lacking = [
            (share * exposure - reached[number], number)
            for number, (_, share) in enumerate(working.floors)
        ]
        for lacks, number in sorted(lacking, reverse=True):
            if lacks <= weight / 2:  # nearer to the floor without this position
                break
            members = working.floors[number][0]
            candidate = next((each for each in left if members[each]), None)
            if candidate is None:
                continue
            cost = float(best[rank]) - relevant - weight * relevance[candidate]
            if cost <= allowed:
                row = candidate
                break
        del left[row]
        chosen.append(row)
        relevant += weight * relevance[row]
        for number, (members, _) in enumerate(working.floors):
            reached[number] += weight * bool(members[row])
    return chosen


def _members(group: str, candidates: Candidates, pivot: float) -> NDArray[np.bool_]:
    if group == LONG_TAIL:
        return candidates.popularity < pivot
    if group == NEW:
        return candidates.popularity <= 0
    if group.startswith(BRAND):
        wanted = group.removeprefix(BRAND).casefold()
        return np.array([brand.casefold() == wanted for brand in candidates.brands])
    path = group.removeprefix(CATEGORY).casefold()
    return np.array(
        [
            any(each.casefold() == path or each.casefold().startswith(f"{path} > ") for each in own)
            for own in candidates.categories
        ]
    )
