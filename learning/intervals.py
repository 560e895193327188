"""How sure an average over queries is: bootstrap intervals, of values and of differences."""

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
    values: ArrayLike, *, seed: int = 0, resamples: int = RESAMPLES, level: float = 0.95
) -> Interval:
    """The mean of float [n] without its NaNs, with its percentile bootstrap interval.

    Queries are drawn with replacement (Efron 1979). The same seed gives the same interval.
    """
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 1:
        raise ValueError(f"values have shape {rows.shape}: one value a query is wanted")
    good = rows[~np.isnan(rows)]
    left_out = len(rows) - len(good)
    if not len(good):
        return Interval(np.nan, np.nan, np.nan, 0, left_out)
    means = _resampled_means(good, seed, resamples)
    tail = 50 * (1 - level)
    low, high = np.percentile(means, [tail, 100 - tail])
    return Interval(float(good.mean()), float(low), float(high), len(good), left_out)


def paired_difference(
    values: ArrayLike,
    baseline: ArrayLike,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Interval:
    """The mean of values - baseline, query by query, with its interval.

    Both float [n], of the same queries in the same order. A query that lacks either value is left
    out. An interval without 0 in it says that the two differ.
    """
    ours, theirs = np.asarray(values, np.float64), np.asarray(baseline, np.float64)
    if ours.shape != theirs.shape:
        raise ValueError(f"values have shape {ours.shape}, the baseline {theirs.shape}")
    return bootstrap(ours - theirs, seed=seed, resamples=resamples, level=level)


def _resampled_means(values: Values, seed: int, resamples: int) -> Values:
    """Means of `resamples` draws with replacement, float64 [resamples]."""
    rng = np.random.default_rng(seed)
    count = len(values)
    step = max(1, _CELLS // count)
    means = [
        values[rng.integers(0, count, size=(min(step, resamples - start), count))].mean(axis=1)
        for start in range(0, resamples, step)
    ]
    return np.concatenate(means)
