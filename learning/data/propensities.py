"""How likely a position of a list is examined (its propensity), learned from the clicks of a log.

The position-based model (Richardson et al. 2007; Chuklin et al. 2015, 3.3): an item shown at
position k is clicked when it is examined, with propensity p_k, and relevant, with probability r:
P(click) = p_k r. Clicks alone give p up to a factor, so p_1 is 1. Two estimators:

- *Intervention harvesting* (Agarwal et al. 2019): a query and an item, shown at two positions, have
  one relevance, so that the clicks there differ by the positions alone. It assumes nothing of pairs
  that never moved, and learns nothing from them.
- The *click model* fits p and the relevance of every pair together, by EM. Only the prior of its
  relevance ties a pair that never moved to the others. Where nothing ever moved, the model takes
  every decline of clicks for a decline of attention, and so underestimates low positions.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Estimator = Literal["intervention harvesting", "click model"]
LEAST_PAIRS = 100  # that moved, before intervention harvesting is chosen
LEAST_CLICKS = 10  # on pairs that moved, at each position that harvesting estimates
_PRIOR = 5.0  # impressions that the prior of a relevance is worth, in the click model
_ROUNDS = 20_000
_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Propensities:
    """`values` float64 [depth]: of positions 1 to depth, the first is 1.

    `shown` and `clicks` int64 [depth] count the impressions and clicks at each position;
    `moved_pairs` the query-item pairs shown at two positions or more. A position with too few
    clicks to estimate has the value of the one above; `filled` counts those. `reason` says why this
    estimator was chosen.
    """

    values: Floats
    shown: Integers
    clicks: Integers
    estimator: Estimator
    moved_pairs: int
    filled: int = 0
    reason: str = ""

    @property
    def depth(self) -> int:
        """The deepest position."""
        return len(self.values)

    def at(self, positions: ArrayLike, least: float = 0.0) -> Floats:
        """float64, same shape: of positions from 1 on; `least` clips, deeper ones have the last."""
        rows = np.clip(np.asarray(positions, dtype=np.int64), 1, self.depth) - 1
        return np.maximum(self.values[rows], least)


def estimate(
    pairs: ArrayLike,
    positions: ArrayLike,
    clicked: ArrayLike,
    *,
    estimator: Estimator | None = None,
) -> Propensities:
    """Propensities from one row for each item shown: int [n], int [n] from 1 on, bool [n].

    `pairs` numbers the query-item pairs, in any way. Without `estimator`, intervention harvesting
    where at least LEAST_PAIRS pairs moved and each position down to the third has LEAST_CLICKS
    clicks of such pairs, else the click model. Raises ValueError when there is nothing to learn
    from.
    """
    pair, position, click = _checked(pairs, positions, clicked)
    size = int(position.max())
    shown = np.bincount(position - 1, minlength=size).astype(np.int64)
    clicks = np.bincount(position - 1, weights=click, minlength=size).astype(np.int64)
    pair, column, views, hits = _cells(pair, position, click, size)
    moving = np.bincount(pair)[pair] > 1
    moved = len(np.unique(pair[moving]))
    moving_clicks = np.bincount(column[moving], weights=hits[moving], minlength=size)
    estimable = moving_clicks >= LEAST_CLICKS
    reason = f"{moved} pairs of query and item were shown at more than one position"
    if estimator is None:
        enough = moved >= LEAST_PAIRS and bool(estimable[: min(3, size)].all())
        estimator = "intervention harvesting" if enough else "click model"
        reason += "" if enough else ": too few, or too few clicks, for intervention harvesting"
    if estimator == "intervention harvesting":
        if not moved:
            raise ValueError("no pair of query and item was shown at more than one position")
        cells = (pair[moving], column[moving], views[moving], hits[moving])
        values = _fit(*_interventional_sets(*cells), size=size, prior=0.0)
    else:
        estimable = clicks >= 1
        values = _fit(pair, column, views, hits, size=size, prior=_PRIOR)
    values, filled = _scaled(values, estimable)
    return Propensities(
        values=values,
        shown=shown,
        clicks=clicks,
        estimator=estimator,
        moved_pairs=moved,
        filled=filled,
        reason=reason,
    )


def _checked(
    pairs: ArrayLike, positions: ArrayLike, clicked: ArrayLike
) -> tuple[Integers, Integers, Floats]:
    pair = np.asarray(pairs, dtype=np.int64)
    position = np.asarray(positions, dtype=np.int64)
    click = np.asarray(clicked, dtype=np.float64)
    if pair.ndim != 1 or pair.shape != position.shape or pair.shape != click.shape:
        raise ValueError("pairs, positions and clicked must be three arrays [n] of one length")
    if len(pair) and position.min() < 1:
        raise ValueError("positions start with 1")
    if not click.any():
        raise ValueError("there is no click to learn from")
    return pair, position, click


def _cells(
    pair: Integers, position: Integers, click: Floats, size: int
) -> tuple[Integers, Integers, Floats, Floats]:
    """Pairs (0, 1, ...), columns (position - 1), views and clicks of each pair at each position."""
    _, number = np.unique(pair, return_inverse=True)
    cell, at = np.unique(number * size + position - 1, return_inverse=True)
    views: Floats = np.bincount(at).astype(np.float64)
    hits: Floats = np.bincount(at, weights=click).astype(np.float64)
    return (cell // size).astype(np.int64), (cell % size).astype(np.int64), views, hits


def _interventional_sets(
    pair: Integers, column: Integers, views: Floats, hits: Floats
) -> tuple[Integers, Integers, Floats, Floats]:
    """The interventional sets S_{k,k'}: a row for each of their two sides.

    Each pair of the set counts once a side, by its click rate there (the weights 1 / w of the
    paper), so that both sides hold the same pairs with the same weights.
    """
    size = int(column.max()) + 1
    order = np.lexsort((column, pair))
    pair, column, rate = pair[order], column[order], (hits / views)[order]
    starts = np.flatnonzero(np.r_[True, pair[1:] != pair[:-1]])
    shown, clicked = np.zeros((size, size)), np.zeros((size, size))
    for begin, end in zip(starts, [*starts[1:], len(pair)], strict=True):
        columns = column[begin:end]
        shown[np.ix_(columns, columns)] += 1.0
        clicked[np.ix_(columns, columns)] += rate[begin:end, None]  # [k, k']: clicks at k
    np.fill_diagonal(shown, 0.0)
    here, there = np.nonzero(shown)
    sets = np.minimum(here, there) * size + np.maximum(here, there)
    _, number = np.unique(sets, return_inverse=True)
    return number.astype(np.int64), here, shown[here, there], clicked[here, there]


def _fit(
    group: Integers, column: Integers, views: Floats, hits: Floats, *, size: int, prior: float
) -> Floats:
    """EM for P(click) = p[column] r[group]: the likelihood's p, float64 [size], up to a factor.

    An item without a click was not examined, or not relevant, or neither; each round divides these
    views among the three by the p and r of the round before. `prior`: views of mean relevance that
    each r begins with.
    """
    groups = int(group.max()) + 1
    missed = views - hits
    p = 0.5 * np.ones(size)
    r = 0.5 * np.ones(groups)
    by_column = np.maximum(np.bincount(column, views, size), 1e-12)
    by_group = np.bincount(group, views, groups)
    for _ in range(_ROUNDS):
        p_cell, r_cell = p[column], r[group]
        no_click = np.maximum(1.0 - p_cell * r_cell, 1e-12)
        examined = hits + missed * p_cell * (1.0 - r_cell) / no_click
        relevant = hits + missed * r_cell * (1.0 - p_cell) / no_click
        new_p = np.bincount(column, examined, size) / by_column
        total = np.bincount(group, relevant, groups)
        mean = total.sum() / by_group.sum()
        r = (total + prior * mean) / (by_group + prior)
        # Only ratios count, and they converge long before the common factor does.
        top = new_p.max()
        change = np.abs(new_p / top - p / p.max()).max()
        p = new_p
        if change < _TOLERANCE:
            break
    return p


def _scaled(values: Floats, estimable: NDArray[np.bool_]) -> tuple[Floats, int]:
    """Scales the first to 1; a position that can't be estimated gets the value of the one above."""
    scaled = np.array(values, dtype=np.float64)
    first = int(np.argmax(estimable)) if estimable.any() else 0
    for column in range(len(scaled)):
        if column < first:
            scaled[column] = scaled[first]
        elif not estimable[column]:
            scaled[column] = scaled[column - 1] if column else 1.0
    scaled = scaled / max(scaled[0], 1e-12)
    return scaled, int((~estimable).sum())
