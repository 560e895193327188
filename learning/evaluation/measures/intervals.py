"""Confidence intervals of averages over queries: bootstrap, of values and of differences."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from learning.evaluation.measures.metrics import Values

RESAMPLES = 2000
_TAIL = 50 * (1 - 0.95)  # percent of the resamples on each side of an interval
_CELLS = 8_000_000  # numbers held in memory at a time


@dataclass(frozen=True)
class Interval:
    """An average, and where it would lie in 95 of 100 samples of as many queries.

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
) -> Interval:
    """The mean of float [n] without its NaNs, with its percentile bootstrap interval.

    Queries are drawn with replacement (Efron 1979). The same seed gives the same interval. With
    `weights`, float [n] of at least 0, it is the weighted mean: a ratio, both sides resampled.

    `groups` names each query's group (a session): groups are drawn then, with all their queries.
    Queries of one group are correlated: as many independent ones would say more.
    """
    rows, weight = _checked(values, weights)
    valid = _valid(rows, weight)
    rows, weight = rows[valid], _of(weight, valid)
    resampled = _resampled_means(rows, weight, _codes(groups, valid), seed, resamples)
    return _interval(_mean(rows, weight), resampled, valid)


def paired_difference(
    values: ArrayLike,
    baseline: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    baseline_weights: ArrayLike | None = None,
    groups: Sequence[str] = (),
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """The mean of values - baseline, query by query, with its interval.

    Both float [n], of the same queries in the same order. A query that lacks either value is left
    out. An interval that excludes 0 says that the two differ. With weights, the difference of the
    two weighted means, over the same resamples. `groups` as in `bootstrap`.
    """
    ours, our_weight = _checked(values, weights)
    theirs, their_weight = _checked(baseline, baseline_weights)
    if ours.shape != theirs.shape:
        raise ValueError(f"values have shape {ours.shape}, the baseline {theirs.shape}")
    if our_weight is None and their_weight is None:
        return bootstrap(ours - theirs, groups=groups, seed=seed, resamples=resamples)
    valid = _valid(ours, our_weight) & _valid(theirs, their_weight)
    ours, our_weight = ours[valid], _of(our_weight, valid)
    theirs, their_weight = theirs[valid], _of(their_weight, valid)
    # The same seed draws the same queries for both.
    codes = _codes(groups, valid)
    resampled = _resampled_means(ours, our_weight, codes, seed, resamples)
    resampled = resampled - _resampled_means(theirs, their_weight, codes, seed, resamples)
    mean = _mean(ours, our_weight) - _mean(theirs, their_weight)
    return _interval(mean, resampled, valid)


def spread(
    statistic: Callable[[Values], float],
    count: int,
    *,
    groups: Sequence[str] = (),
    seed: int = 0,
    resamples: int = 400,
) -> Interval:
    """A figure of the whole log that is no mean over queries (coverage, Gini), with its interval.

    `statistic` takes how often each of `count` queries counts, float64 [count]. A resample lacks a
    third of the queries, so a count of distinct items falls short in every one: the resampled
    figures are shifted so that their mean is that of the log. `groups` as in `bootstrap`.
    """
    if not count:
        return Interval(np.nan, np.nan, np.nan, 0)
    rng = np.random.default_rng(seed)
    figure = statistic(np.ones(count))
    every = np.ones(count, dtype=bool)
    codes = _codes(groups, every)
    resampled = np.array([statistic(times_drawn(rng, count, codes)) for _ in range(resamples)])
    resampled = resampled - resampled.mean() + figure
    return _interval(figure, resampled, every)


def times_drawn(
    rng: np.random.Generator, count: int, codes: NDArray[np.int64] | None = None
) -> Values:
    """How often each of `count` queries is in one resample, float64 [count].

    `codes` int64 [count]: the number of each query's group, to draw groups.
    """
    size = count if codes is None else int(codes.max()) + 1
    times = np.bincount(rng.integers(0, size, size=size), minlength=size).astype(np.float64)
    return times if codes is None else times[codes]


def _checked(values: ArrayLike, weights: ArrayLike | None) -> tuple[Values, Values | None]:
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 1:
        raise ValueError(f"values have shape {rows.shape}, in place of one value a query")
    if weights is None:
        return rows, None
    weight = np.asarray(weights, dtype=np.float64)
    if weight.shape != rows.shape or (weight < 0).any():
        raise ValueError("weights must be one number of at least 0 a query")
    return rows, weight


def _valid(rows: Values, weights: Values | None) -> NDArray[np.bool_]:
    """Which queries have a value, and a weight."""
    valid = ~np.isnan(rows)
    return valid if weights is None else valid & (weights > 0)


def _of(weights: Values | None, valid: NDArray[np.bool_]) -> Values | None:
    return None if weights is None else weights[valid]


def _mean(values: Values, weights: Values | None) -> float:
    return float(np.average(values, weights=weights)) if len(values) else np.nan


def _interval(mean: float, resampled: Values, valid: NDArray[np.bool_]) -> Interval:
    count = int(valid.sum())
    left_out = len(valid) - count
    if not count:
        return Interval(np.nan, np.nan, np.nan, 0, left_out)
    low, high = np.percentile(resampled, [_TAIL, 100 - _TAIL])
    return Interval(mean, float(low), float(high), count, left_out)


def _codes(groups: Sequence[str], valid: NDArray[np.bool_]) -> NDArray[np.int64] | None:
    """The numbers of the valid rows' groups; None without groups: each row is one of its own."""
    if not len(groups):
        return None
    if len(groups) != len(valid):
        raise ValueError(f"{len(groups)} groups for {len(valid)} queries")
    _, codes = np.unique(np.asarray(groups, dtype=np.str_)[valid], return_inverse=True)
    return codes.astype(np.int64)


def _resampled_means(
    values: Values,
    weights: Values | None,
    codes: NDArray[np.int64] | None,
    seed: int,
    resamples: int,
) -> Values:
    """(Weighted) means of `resamples` draws of queries or groups, float64 [resamples]."""
    if not len(values):
        return np.full(resamples, np.nan)
    if codes is not None:  # draw groups: the means of each, weighted by the sum of its weights
        weight = np.ones(len(values)) if weights is None else weights
        weights = np.bincount(codes, weight).astype(np.float64)
        values = np.bincount(codes, weight * values) / weights
    rng = np.random.default_rng(seed)
    count = len(values)
    step = max(1, _CELLS // count)
    means = []
    for start in range(0, resamples, step):
        drawn = rng.integers(0, count, size=(min(step, resamples - start), count))
        if weights is None:
            means.append(values[drawn].mean(axis=1))
        else:
            means.append((values * weights)[drawn].sum(axis=1) / weights[drawn].sum(axis=1))
    return np.concatenate(means)
