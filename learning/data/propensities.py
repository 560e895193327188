"""How likely a place of a list is looked at, learned from the clicks of a log.

The position-based model (Richardson et al. 2007; Chuklin et al. 2015, 3.3): an item that is shown
at position k is clicked when it is looked at, with propensity p_k, and wanted, with relevance r:
P(click) = p_k r. Clicks alone give p up to a factor, so p_1 is 1. Two estimators:

- *Intervention harvesting* (Agarwal et al. 2019): the same query and item, shown at two positions,
  has one relevance, so that the clicks there differ by the positions alone. Nothing is assumed of
  pairs that never moved; they tell nothing.
- The *click model* fits p and the relevance of every pair together, by EM. A pair that never moved
  is held to the others only by the prior of its relevance, so where nothing ever moved it takes
  all decline of clicks for a decline of attention, and so says too little of low positions.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Estimator = Literal["intervention harvesting", "click model"]
LEAST_PAIRS = 100  # that moved, before intervention harvesting is chosen
LEAST_CLICKS = 10  # on pairs that moved, at every position that it is to tell of
_PRIOR = 5.0  # looks that the prior of a relevance is worth, in the click model
_ROUNDS = 20_000
_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Propensities:
    """`values` float64 [depth]: of positions 1 to depth, the first is 1.

    `shown` and `clicks` int64 [depth] count all there was at each position; `moved` is how many
    pairs were shown at two positions or more. A position of which the estimator can tell nothing
    has the value of the one above; `held` counts those.
    """

    values: Floats
    shown: Integers
    clicks: Integers
    estimator: Estimator
    pairs: int
    moved: int
    held: int = 0
    why: str = ""

    @property
    def depth(self) -> int:
        """The deepest position."""
        return len(self.values)

    def at(self, positions: ArrayLike, least: float = 0.0) -> Floats:
        """float64, same shape: of positions from 1 on; `least` clips, deeper ones have the last."""
        places = np.clip(np.asarray(positions, dtype=np.int64), 1, self.depth) - 1
        return np.maximum(self.values[places], least)


def estimate(
    pairs: ArrayLike,
    positions: ArrayLike,
    clicked: ArrayLike,
    *,
    estimator: Estimator | None = None,
    depth: int | None = None,
) -> Propensities:
    """Propensities from one row for each item shown: int [n], int [n] from 1 on, bool [n].

    `pairs` numbers the query-item pairs, in any way. Without `estimator`, intervention harvesting
    where at least LEAST_PAIRS pairs moved and each position down to the third has LEAST_CLICKS
    clicks of such pairs, else the click model. Positions below `depth` are left out. Raises
    ValueError when there is nothing to learn from.
    """
    pair, position, click = _checked(pairs, positions, clicked, depth)
    size = int(position.max())
    shown = np.bincount(position - 1, minlength=size)
    clicks = np.bincount(position - 1, weights=click, minlength=size)
    count, place, looks, hits = _cells(pair, position, click, size)
    moving = np.bincount(count)[count] > 1
    moved = len(np.unique(count[moving]))
    at_position = np.bincount(place[moving], weights=hits[moving], minlength=size)
    told_of = at_position >= LEAST_CLICKS
    why = f"{moved} pairs of query and item were shown at more than one position"
    if estimator is None:
        enough = moved >= LEAST_PAIRS and bool(told_of[: min(3, size)].all())
        estimator = "intervention harvesting" if enough else "click model"
        why += "" if enough else ": too few, or too few clicks, for intervention harvesting"
    if estimator == "intervention harvesting" and not moved:
        raise ValueError("no pair of query and item was shown at more than one position")
    if estimator == "intervention harvesting":
        sets, place, looks, hits = _sets(count[moving], place[moving], looks[moving], hits[moving])
        values = _fit(sets, place, looks, hits, size, prior=0.0)
    else:
        told_of = clicks >= 1
        values = _fit(count, place, looks, hits, size, prior=_PRIOR)
    values, held = _scaled(values, told_of)
    pairs_seen = int(count.max()) + 1
    return Propensities(
        values,
        shown.astype(np.int64),
        clicks.astype(np.int64),
        estimator,
        pairs_seen,
        moved,
        held,
        why,
    )


def _checked(
    pairs: ArrayLike, positions: ArrayLike, clicked: ArrayLike, depth: int | None
) -> tuple[Integers, Integers, Floats]:
    pair = np.asarray(pairs, dtype=np.int64)
    position = np.asarray(positions, dtype=np.int64)
    click = np.asarray(clicked, dtype=np.float64)
    if pair.ndim != 1 or pair.shape != position.shape or pair.shape != click.shape:
        raise ValueError("pairs, positions and clicked are wanted as three rows of one length")
    if depth is not None:
        kept = position <= depth
        pair, position, click = pair[kept], position[kept], click[kept]
    if len(pair) and position.min() < 1:
        raise ValueError("positions start with 1")
    if not click.any():
        raise ValueError("there is no click to learn from")
    return pair, position, click


def _cells(
    pair: Integers, position: Integers, click: Floats, size: int
) -> tuple[Integers, Integers, Floats, Floats]:
    """Pairs (0, 1, ...), places (from 0), looks and clicks of each pair at each position."""
    _, number = np.unique(pair, return_inverse=True)
    cell, at = np.unique(number * size + position - 1, return_inverse=True)
    looks: Floats = np.bincount(at).astype(np.float64)
    hits: Floats = np.bincount(at, weights=click).astype(np.float64)
    return (cell // size).astype(np.int64), (cell % size).astype(np.int64), looks, hits


def _sets(
    pair: Integers, place: Integers, looks: Floats, hits: Floats
) -> tuple[Integers, Integers, Floats, Floats]:
    """The interventional sets S_{k,k'}: a row for each of their two sides.

    Each pair of the set counts once a side, by its click rate there (the weights 1 / w of the
    paper), so that both sides hold the same pairs in the same measure.
    """
    size = int(place.max()) + 1
    order = np.lexsort((place, pair))
    pair, place, rate = pair[order], place[order], (hits / looks)[order]
    starts = np.flatnonzero(np.r_[True, pair[1:] != pair[:-1]])
    shown, clicked = np.zeros((size, size)), np.zeros((size, size))
    for begin, end in zip(starts, [*starts[1:], len(pair)], strict=True):
        places = place[begin:end]
        shown[np.ix_(places, places)] += 1.0
        clicked[np.ix_(places, places)] += rate[begin:end, None]  # [k, k']: clicks at k
    np.fill_diagonal(shown, 0.0)
    here, there = np.nonzero(shown)
    sets = np.minimum(here, there) * size + np.maximum(here, there)
    _, number = np.unique(sets, return_inverse=True)
    return number.astype(np.int64), here, shown[here, there], clicked[here, there]


def _fit(
    group: Integers, place: Integers, looks: Floats, hits: Floats, size: int, prior: float
) -> Floats:
    """EM for P(click) = p[place] r[group]: the likelihood's p, float64 [size], up to a factor.

    A look without a click was not looked at, or not wanted, or neither; each round shares it out
    by the p and r of the round before. `prior`: looks of mean relevance that each r begins with.
    """
    groups = int(group.max()) + 1
    missed = looks - hits
    p = 0.5 * np.ones(size)
    r = 0.5 * np.ones(groups)
    by_place = np.maximum(np.bincount(place, looks, size), 1e-12)
    by_group = np.bincount(group, looks, groups)
    for _ in range(_ROUNDS):
        p_cell, r_cell = p[place], r[group]
        neither = np.maximum(1.0 - p_cell * r_cell, 1e-12)
        looked = hits + missed * p_cell * (1.0 - r_cell) / neither
        wanted = hits + missed * r_cell * (1.0 - p_cell) / neither
        new_p = np.bincount(place, looked, size) / by_place
        total = np.bincount(group, wanted, groups)
        mean = total.sum() / by_group.sum()
        r = (total + prior * mean) / (by_group + prior)
        # Only ratios count, and they stand still long before the common factor does.
        top = new_p.max()
        change = np.abs(new_p / top - p / p.max()).max()
        p = new_p
        if change < _TOLERANCE:
            break
    return p


def _scaled(values: Floats, told_of: NDArray[np.bool_]) -> tuple[Floats, int]:
    """The first is 1; a position that nothing is told of has the value of the one above."""
    scaled = np.array(values, dtype=np.float64)
    first = int(np.argmax(told_of)) if told_of.any() else 0
    for place in range(len(scaled)):
        if place < first:
            scaled[place] = scaled[first]
        elif not told_of[place]:
            scaled[place] = scaled[place - 1] if place else 1.0
    scaled = scaled / max(scaled[0], 1e-12)
    return scaled, int((~told_of).sum())
