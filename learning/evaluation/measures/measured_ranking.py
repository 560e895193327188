"""One way of ranking, measured query by query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from learning.evaluation.measures.intervals import Interval, bootstrap

Values = NDArray[np.float64]


@dataclass(frozen=True)
class MeasuredRanking:
    """One way of ranking, measured. `values`: by measure, float64 [queries], NaN left out.

    `keys` names the queries in the same order, so that a later run can be compared with this one,
    query by query. A measure in `weights`, float64 [queries], is a weighted mean. `note` is said
    beside the label. With `groups` (each query's session), those are drawn for an interval.
    """

    label: str
    values: Mapping[str, Values]
    seconds: float
    degraded: Mapping[str, int] = field(default_factory=dict)
    keys: Sequence[str] = ()
    weights: Mapping[str, Values] = field(default_factory=dict)
    note: str = ""
    groups: Sequence[str] = ()

    def intervals(self, seed: int = 0) -> dict[str, Interval]:
        """Each measure's mean with its 95 % interval over queries."""
        return {
            name: bootstrap(values, weights=self.weights.get(name), groups=self.groups, seed=seed)
            for name, values in self.values.items()
        }

    def over(self, groups: Sequence[str]) -> "MeasuredRanking":
        """The same means, with a group (a user) as what is drawn for an interval.

        `groups` names each query's. Queries of one user are alike: as many independent ones would
        tell more. The values become means of groups, weighted by their queries; no value may be
        NaN.
        """
        names, places, counts = np.unique(groups, return_inverse=True, return_counts=True)
        if len(names) == len(groups):
            return self
        values = {
            name: np.bincount(places, weights=of_queries) / counts
            for name, of_queries in self.values.items()
        }
        weights = dict.fromkeys(values, counts.astype(np.float64))
        return replace(self, values=values, weights=weights, keys=names.tolist())
