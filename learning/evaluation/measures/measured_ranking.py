"""One way of ranking, measured query by query."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from learning.evaluation.measures.intervals import Interval, bootstrap, paired_difference
from learning.evaluation.measures.metrics import Values
from query_service.ranking.query_kind import QUERY_KINDS


@dataclass(frozen=True)
class MeasuredRanking:
    """One way of ranking: a row of a report. `values`: by metric, float64 [queries], NaN: no value.

    `degraded` counts the answers that had to do without a stage. `keys` names the queries in the
    same order, so that a later run can be compared with this one, query by query. A metric in
    `weights`, float64 [queries], is a weighted mean. `note` is shown beside the label. With
    `groups` (each query's session), an interval resamples groups. `parts`: the same ranking of the
    queries of one kind alone, by kind. `peer`: the label of a ranking of the report that this one
    is compared with, beside the first.
    """

    label: str
    values: Mapping[str, Values]
    seconds: float
    degraded: Mapping[str, int] = field(default_factory=dict)
    keys: Sequence[str] = ()
    weights: Mapping[str, Values] = field(default_factory=dict)
    note: str = ""
    groups: Sequence[str] = ()
    peer: str = ""
    parts: Mapping[str, "MeasuredRanking"] = field(default_factory=dict)

    def intervals(self, seed: int = 0) -> dict[str, Interval]:
        """Each metric's mean with its 95 % interval over queries."""
        return {
            name: bootstrap(values, weights=self.weights.get(name), groups=self.groups, seed=seed)
            for name, values in self.values.items()
        }

    def differences(
        self, baseline: "MeasuredRanking", seed: int, metrics: Collection[str] | None = None
    ) -> dict[str, Interval]:
        """The paired differences to `baseline`, of the same queries in the same order.

        Of the `metrics` (None: all) that both have.
        """
        return {
            name: paired_difference(
                values,
                baseline.values[name],
                weights=self.weights.get(name),
                baseline_weights=baseline.weights.get(name),
                groups=self.groups,
                seed=seed,
            )
            for name, values in self.values.items()
            if name in baseline.values and (metrics is None or name in metrics)
        }

    def only(self, chosen: Sequence[bool]) -> "MeasuredRanking":
        """The ranking of the chosen queries alone, bool [queries]."""
        rows: list[int] = np.flatnonzero(chosen).tolist()
        return replace(
            self,
            values={name: values[rows] for name, values in self.values.items()},
            weights={name: weights[rows] for name, weights in self.weights.items()},
            keys=[self.keys[row] for row in rows] if self.keys else (),
            groups=[self.groups[row] for row in rows] if self.groups else (),
            parts={},
        )

    def by_kind(self, kinds: Sequence[str], groups: Sequence[str] = ()) -> "MeasuredRanking":
        """The ranking with its `parts`, by the kind of each query; with `groups` as by `by_group`.

        Kinds are in the order of QUERY_KINDS.
        """
        parts = {}
        for kind in (each for each in QUERY_KINDS if each in kinds):
            chosen = [each == kind for each in kinds]
            part = self.only(chosen)
            own = (
                [group for group, own in zip(groups, chosen, strict=True) if own] if groups else []
            )
            parts[str(kind)] = part.by_group(own) if own else part
        whole = self.by_group(groups) if groups else self
        return replace(whole, parts=parts)

    def by_group(self, groups: Sequence[str]) -> "MeasuredRanking":
        """The same means, with intervals that resample groups (users) in place of queries.

        `groups` names each query's. A user's queries are correlated: as many independent ones would
        say more. Values become the means of groups, weighted by their numbers of queries; no value
        may be NaN.
        """
        names, numbers, counts = np.unique(groups, return_inverse=True, return_counts=True)
        if len(names) == len(groups):
            return self
        values = {
            name: np.bincount(numbers, weights=of_queries) / counts
            for name, of_queries in self.values.items()
        }
        weights = dict.fromkeys(values, counts.astype(np.float64))
        return replace(self, values=values, weights=weights, keys=names.tolist())
