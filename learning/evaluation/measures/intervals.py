"""How sure an average over queries is: bootstrap intervals, of values and of differences."""

from collections.abc import Callable, Sequence
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
    groups: Sequence[str] = (),
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Interval:
    """The mean of float [n] without its NaNs, with its percentile bootstrap interval.

    Queries are drawn with replacement (Efron 1979). The same seed gives the same interval. With
    `weights`, float [n] of at least 0, it is the weighted mean: a ratio, drawn above and below.

    `groups` names each query's group (a session): groups are drawn then, with all their queries.
    Queries of one group are alike, and as many independent ones would tell more.
    """
    rows, weight = _rows(values, weights)
    good = _counted(rows, weight)
    drawn = _drawn_means(rows[good], _of(weight, good), _codes(groups, good), seed, resamples)
    return _interval(_mean(rows[good], _of(weight, good)), drawn, good, level)


def paired_difference(
    values: ArrayLike,
    baseline: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    baseline_weights: ArrayLike | None = None,
    groups: Sequence[str] = (),
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Interval:
    """The mean of values - baseline, query by query, with its interval.

    Both float [n], of the same queries in the same order. A query that lacks either value is left
    out. An interval without 0 in it says that the two differ. With weights, the difference of the
    two weighted means, over the same draws. `groups` as in `bootstrap`.
    """
    ours, our_weight = _rows(values, weights)
    theirs, their_weight = _rows(baseline, baseline_weights)
    if ours.shape != theirs.shape:
        raise ValueError(f"values have shape {ours.shape}, the baseline {theirs.shape}")
    if our_weight is None and their_weight is None:
        return bootstrap(ours - theirs, groups=groups, seed=seed, resamples=resamples, level=level)
    good = _counted(ours, our_weight) & _counted(theirs, their_weight)
    ours, our_weight = ours[good], _of(our_weight, good)
    theirs, their_weight = theirs[good], _of(their_weight, good)
    # The same seed draws the same queries for both.
    codes = _codes(groups, good)
    drawn = _drawn_means(ours, our_weight, codes, seed, resamples)
    drawn = drawn - _drawn_means(theirs, their_weight, codes, seed, resamples)
    mean = _mean(ours, our_weight) - _mean(theirs, their_weight)
    return _interval(mean, drawn, good, level)


def spread(
    statistic: Callable[[Values], float],
    count: int,
    *,
    groups: Sequence[str] = (),
    seed: int = 0,
    resamples: int = 400,
    level: float = 0.95,
) -> Interval:
    """A figure of the whole log that is no mean over queries (coverage, Gini), with its interval.

    `statistic` takes how often each of `count` queries counts, float64 [count]. A draw with
    replacement lacks a third of the queries, so what counts distinct things falls short in every
    draw: the draws are moved so that their mean is what was seen. `groups` as in `bootstrap`.
    """
    if not count:
        return Interval(np.nan, np.nan, np.nan, 0)
    rng = np.random.default_rng(seed)
    seen = statistic(np.ones(count))
    every = np.ones(count, dtype=bool)
    codes = _codes(groups, every)
    drawn = np.array([statistic(times_drawn(rng, count, codes)) for _ in range(resamples)])
    drawn = drawn - drawn.mean() + seen
    return _interval(seen, drawn, every, level)


def times_drawn(
    rng: np.random.Generator, count: int, codes: NDArray[np.int64] | None = None
) -> Values:
    """How often each of `count` queries is in one draw, float64 [count]; `codes`: their groups."""
    size = count if codes is None else int(codes.max()) + 1
    times = np.bincount(rng.integers(0, size, size=size), minlength=size).astype(np.float64)
    return times if codes is None else times[codes]


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


def _codes(groups: Sequence[str], good: NDArray[np.bool_]) -> NDArray[np.int64] | None:
    """The groups of the good rows, numbered; None where each row is one of its own."""
    if not len(groups):
        return None
    if len(groups) != len(good):
        raise ValueError(f"{len(groups)} groups for {len(good)} queries")
    _, codes = np.unique(np.asarray(groups, dtype=np.str_)[good], return_inverse=True)
    return codes.astype(np.int64)


def _drawn_means(
    values: Values,
    weights: Values | None,
    codes: NDArray[np.int64] | None,
    seed: int,
    resamples: int,
) -> Values:
    """As `_resampled_means`, of the groups' own means."""
    if codes is None or not len(values):
        return _resampled_means(values, weights, seed, resamples)
    weight = np.ones(len(values)) if weights is None else weights
    total: Values = np.bincount(codes, weight).astype(np.float64)
    means = np.bincount(codes, weight * values) / total
    return _resampled_means(means, total, seed, resamples)


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
