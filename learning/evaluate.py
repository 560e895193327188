"""One way of ranking, measured query by query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from learning.intervals import Interval, bootstrap

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """One way of ranking, measured. `values`: by measure, float64 [queries], NaN left out.

    `keys` names the queries in the same order, so that a later run can be compared with this one,
    query by query. A measure in `weights`, float64 [queries], is a weighted mean. `note` is said
    beside the label.
    """

    label: str
    values: Mapping[str, Values]
    seconds: float
    degraded: Mapping[str, int] = field(default_factory=dict)
    keys: Sequence[str] = ()
    weights: Mapping[str, Values] = field(default_factory=dict)
    note: str = ""

    def intervals(self, seed: int = 0) -> dict[str, Interval]:
        """Each measure's mean with its 95 % interval over queries."""
        return {
            name: bootstrap(values, weights=self.weights.get(name), seed=seed)
            for name, values in self.values.items()
        }
