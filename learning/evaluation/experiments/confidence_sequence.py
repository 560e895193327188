"""Intervals that stay valid however often one looks at them: asymptotic confidence sequences.

Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas: Time-uniform central limit theory and asymptotic
confidence sequences, Annals of Statistics 52 (2024), theorem 2.2. After t units, with the variance
s^2 of one unit's contribution, the mean is within

    m_t +- s sqrt( 2 (t r^2 + 1) / (t^2 r^2) * log( sqrt(t r^2 + 1) / alpha ) )

at all t at once with probability 1 - alpha (Robbins' normal mixture; r says at which t it is
tightest). A unit is what was assigned at random: all queries of one visitor. Metrics are ratios of
sums over units (clicked queries / queries), whose variance the delta method gives: correlated
queries of one visitor count as one observation.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

ALPHA = 0.05
TUNED_FOR = 2_000  # units at which intervals are tightest
FEWEST_UNITS = 100  # of a variant, below which a normal limit says nothing

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Ratio:
    """A metric of one variant: by unit what it adds up, and over how many (queries, or 1)."""

    totals: Values
    counts: Values

    @classmethod
    def of(cls, totals: ArrayLike, counts: ArrayLike | None = None) -> "Ratio":
        """From numbers by unit, float [n]; without `counts` the metric is a mean over units."""
        sums = np.asarray(totals, dtype=np.float64)
        return cls(sums, np.ones(len(sums)) if counts is None else np.asarray(counts, np.float64))

    @property
    def units(self) -> int:
        """How many units it is over."""
        return len(self.totals)

    @property
    def value(self) -> float:
        """Sum of totals / sum of counts; NaN where nothing was counted."""
        counted = float(self.counts.sum())
        return float(self.totals.sum()) / counted if counted else math.nan

    @property
    def variance(self) -> float:
        """Of `value`, by the delta method: units are independent, what is in them is not."""
        if self.units < 2 or not self.counts.any():
            return math.nan
        residuals = (self.totals - self.value * self.counts) / self.counts.mean()
        return float(residuals.var(ddof=1)) / self.units


@dataclass(frozen=True)
class AnytimeInterval:
    """An estimate from `units`, and where the truth lies; NaN bounds while there are too few."""

    estimate: float
    low: float
    high: float
    units: int

    @property
    def excludes_zero(self) -> bool:
        """Whether there is a difference; by mistake with a probability of at most alpha."""
        return self.low > 0 or self.high < 0


def radius(variance: float, units: int, alpha: float = ALPHA) -> float:
    """Half the width of the interval of an estimate that has this variance after so many units."""
    tightest = -2 * math.log(alpha)
    scaled = units * (tightest + math.log(tightest + 1)) / TUNED_FOR  # t r^2
    factor = 2 * (scaled + 1) / scaled * math.log(math.sqrt(scaled + 1) / alpha)
    return math.sqrt(variance * factor)


def difference(a: Ratio, b: Ratio, alpha: float = ALPHA) -> AnytimeInterval:
    """The metric of `b` less that of `a`, two variants with units of their own."""
    units, estimate = a.units + b.units, b.value - a.value
    if min(a.units, b.units) < FEWEST_UNITS:
        return AnytimeInterval(estimate, math.nan, math.nan, units)
    return _around(estimate, a.variance + b.variance, units, alpha)


def mean(ratio: Ratio, alpha: float = ALPHA) -> AnytimeInterval:
    """The metric of one sample: a preference, which is 0 where there is none."""
    if ratio.units < FEWEST_UNITS:
        return AnytimeInterval(ratio.value, math.nan, math.nan, ratio.units)
    return _around(ratio.value, ratio.variance, ratio.units, alpha)


def _around(estimate: float, variance: float, units: int, alpha: float) -> AnytimeInterval:
    if not (variance > 0 or estimate):  # nothing varies (no click yet): nothing can be said
        return AnytimeInterval(estimate, math.nan, math.nan, units)
    half = radius(variance, units, alpha)
    return AnytimeInterval(estimate, estimate - half, estimate + half, units)
