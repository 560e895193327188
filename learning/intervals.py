"""How sure an average over queries is: bootstrap intervals, of values and of differences."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
RESAMPLES = 2000
_CELLS = 8_000_000  # numbers held at a time


@dataclass(frozen=True)
class Interval:
    """An average, and where it would lie in 95 of 100 draws of as many queries.

    `count` rows were averaged; `left_out` had no value (NaN).
    """

    mean: float
    low: float
    high: float
    count: int
    left_out: int = 0


def bootstrap(
    values: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Interval:
    """The mean of float [n] without its NaNs, with its percentile bootstrap interval.

    Queries are drawn with replacement (Efron 1979). The same seed gives the same interval. With
    `weights`, float [n] of at least 0, it is the weighted mean: a ratio, drawn above and below.
    """
    rows, weight = _rows(values, weights)
    good = _counted(rows, weight)
    drawn = _resampled_means(rows[good], _of(weight, good), seed, resamples)
    return _interval(_mean(rows[good], _of(weight, good)), drawn, good, level)


def paired_difference(
    values: ArrayLike,
    baseline: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    baseline_weights: ArrayLike | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Interval:
    """The mean of values - baseline, query by query, with its interval.

    Both float [n], of the same queries in the same order. A query that lacks either value is left
    out. An interval without 0 in it says that the two differ. With weights, the difference of the
    two weighted means, over the same draws.
    """
    ours, our_weight = _rows(values, weights)
    theirs, their_weight = _rows(baseline, baseline_weights)
    if ours.shape != theirs.shape:
        raise ValueError(f"values have shape {ours.shape}, the baseline {theirs.shape}")
    if our_weight is None and their_weight is None:
        return bootstrap(ours - theirs, seed=seed, resamples=resamples, level=level)
    good = _counted(ours, our_weight) & _counted(theirs, their_weight)
    ours, our_weight = ours[good], _of(our_weight, good)
    theirs, their_weight = theirs[good], _of(their_weight, good)
    # The same seed draws the same queries for both.
    drawn = _resampled_means(ours, our_weight, seed, resamples)
    drawn = drawn - _resampled_means(theirs, their_weight, seed, resamples)
    mean = _mean(ours, our_weight) - _mean(theirs, their_weight)
    return _interval(mean, drawn, good, level)


def spread(
    statistic: Callable[[Values], float],
    count: int,
    *,
    seed: int = 0,
    resamples: int = 400,
    level: float = 0.95,
) -> Interval:
    """A figure of the whole log that is no mean over queries (coverage, Gini), with its interval.

    `statistic` takes how often each of `count` queries counts, float64 [count]. A draw with
    replacement lacks a third of the queries, so what counts distinct things falls short in every
    draw: the draws are moved so that their mean is what was seen.
    """
    if not count:
        return Interval(np.nan, np.nan, np.nan, 0)
    rng = np.random.default_rng(seed)
    seen = statistic(np.ones(count))
    drawn = np.array([
        statistic(np.bincount(rng.integers(0, count, size=count), minlength=count).astype(float))
        for _ in range(resamples)
    ])  # fmt: skip
    drawn = drawn - drawn.mean() + seen
    return _interval(seen, drawn, np.ones(count, dtype=bool), level)


def _rows(values: ArrayLike, weights: ArrayLike | None) -> tuple[Values, Values | None]:
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 1:
        raise ValueError(f"values have shape {rows.shape}: one value a query is wanted")
    if weights is None:
        return rows, None
    weight = np.asarray(weights, dtype=np.float64)
    if weight.shape != rows.shape or (weight < 0).any():
        raise ValueError("one weight of at least 0 a query is wanted")
    return rows, weight


def _counted(rows: Values, weights: Values | None) -> NDArray[np.bool_]:
    """Which queries have a value, and a weight."""
    good = ~np.isnan(rows)
    return good if weights is None else good & (weights > 0)


def _of(weights: Values | None, good: NDArray[np.bool_]) -> Values | None:
    return None if weights is None else weights[good]


def _mean(values: Values, weights: Values | None) -> float:
    if not len(values):
        return np.nan
    return float(np.average(values, weights=weights))


def _interval(mean: float, drawn: Values, good: NDArray[np.bool_], level: float) -> Interval:
    count = int(good.sum())
    left_out = len(good) - count
    if not count:
        return Interval(np.nan, np.nan, np.nan, 0, left_out)
    tail = 50 * (1 - level)
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Interval(mean, float(low), float(high), count, left_out)


def _resampled_means(values: Values, weights: Values | None, seed: int, resamples: int) -> Values:
    """(Weighted) means of `resamples` draws with replacement, float64 [resamples]."""
    rng = np.random.default_rng(seed)
    count = len(values)
    if not count:
        return np.full(resamples, np.nan)
    step = max(1, _CELLS // count)
    means = []
    for start in range(0, resamples, step):
        drawn = rng.integers(0, count, size=(min(step, resamples - start), count))
        if weights is None:
            means.append(values[drawn].mean(axis=1))
        else:
            means.append((values * weights)[drawn].sum(axis=1) / weights[drawn].sum(axis=1))
    return np.concatenate(means)
