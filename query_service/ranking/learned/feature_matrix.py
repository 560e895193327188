"""The matrix that a learned re-ranker reads, built from the declared features. Pure numpy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from query_service.ranking.learned.cooccurrence import Cooccurrence
from query_service.ranking.learned.feature_source import FeatureSource
from query_service.ranking.learned.features import (
    AS_IT_IS,
    FEATURES,
    PAIR_FEATURES,
    STANDARDISED,
    Feature,
    PairFeature,
)
from query_service.ranking.rerank_input import RerankInput

Floats = NDArray[np.float32]
MAX_EVENTS = 50  # the newest, that a candidate is compared with one by one


@dataclass(frozen=True)
class FeatureMatrix:
    """`columns` float32 [n, F]; `pairs` float32 [n, E, P] with the MAX_EVENTS newest events."""

    columns: Floats
    pairs: Floats


@dataclass(frozen=True)
class FeatureSet:
    """The features of a re-ranker: the order of its columns, and its groups.

    Columns are sorted by their form: all values, all z-scores, then the features with one form.
    """

    features: tuple[Feature, ...] = FEATURES
    pair_features: tuple[PairFeature, ...] = PAIR_FEATURES

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the matrix's columns."""
        values, z_scores = zip(*(f.columns for f in self._of_forms(STANDARDISED)), strict=True)
        return *values, *z_scores, *(f.name for f in self._of_forms(AS_IT_IS))

    @property
    def pairs(self) -> tuple[str, ...]:
        """Names of the pairs' columns."""
        return tuple(feature.name for feature in self.pair_features)

    @property
    def groups(self) -> tuple[str, ...]:
        """The feature groups that an ablation can switch off."""
        groups = [feature.group for feature in self.features]
        groups += [feature.group for feature in self.pair_features]
        return tuple(filter(None, dict.fromkeys(groups)))

    def columns_of(self, group: str) -> list[int]:
        """The columns that belong to a group."""
        names = {name for each in self.features if each.group == group for name in each.columns}
        return [column for column, name in enumerate(self.columns) if name in names]

    def pairs_of(self, group: str) -> list[int]:
        """The pairs' columns that belong to a group."""
        return [c for c, feature in enumerate(self.pair_features) if feature.group == group]

    def matrix(
        self, inputs: RerankInput, fixed: Floats, cooccurrence: Cooccurrence | None = None
    ) -> FeatureMatrix:
        """All features of n >= 1 candidates; `fixed` [n]: the score by fixed weights."""
        source = FeatureSource(inputs, fixed, cooccurrence)
        standardised, plain = self._of_forms(STANDARDISED), self._of_forms(AS_IT_IS)
        S = len(standardised)
        columns = np.empty((source.n, 2 * S + len(plain)), dtype=np.float32)
        indices = [*range(S), *range(2 * S, columns.shape[1])]
        for column, each in zip(indices, [*standardised, *plain], strict=True):
            columns[:, column] = each.compute(source)
        columns[:, S : 2 * S] = _z_scores(columns[:, :S])
        pairs = np.empty((source.n, source.E, len(self.pair_features)), dtype=np.float32)
        for column, feature in enumerate(self.pair_features):
            pairs[:, :, column] = feature.compute(source)
        newest = pairs[:, max(source.E - MAX_EVENTS, 0) :]
        return FeatureMatrix(np.nan_to_num(columns, copy=False), np.nan_to_num(newest))

    def _of_forms(self, forms: tuple[str, ...]) -> list[Feature]:
        return [feature for feature in self.features if feature.forms == forms]


def _z_scores(values: Floats) -> Floats:
    """Distance from the list's mean in standard deviations, [n, S]; 0 in a constant column."""
    spread = values.std(axis=0)
    scores: Floats = (values - values.mean(axis=0)) / np.where(spread > 1e-6, spread, 1.0)
    return scores


FEATURE_SET = FeatureSet()
