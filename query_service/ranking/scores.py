"""Scores of candidates, separate for each source, and the order of the candidates."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Scores:
    """`total` float32 [n] is the sum of all others.

    `legs`: float32 [n] by the leg's name, except the person leg: `person` float32 [n, S] by the
    sources of R; `events` float32 [n, E]; `popularity` float32 [n]; `model` float32 [n], the
    residual of a learned re-ranker, None without one.
    """

    total: Floats
    legs: Mapping[str, Floats]
    person: Floats
    events: Floats
    popularity: Floats
    model: Floats | None = None


def ranked_rows(scores: Floats, ids: tuple[str, ...]) -> NDArray[np.intp]:
    """Rows by descending score; ties by item id, so that an answer can be repeated; NaN last."""
    finite = np.where(np.isfinite(scores), scores, -np.inf)
    return np.lexsort((np.array(ids), -finite))
