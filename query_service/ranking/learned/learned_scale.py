"""How far a learned re-ranker may move the fixed order: a scale per kind, and a guard.

What is learned serves a kind of request, query and visitor as far as it was significantly better on
validation requests of that kind, and not at all where it was not (`learning.training.reranker`).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
RequestKind = Literal["search", "recommend", "rank"]
MARGIN = 1e-3  # between the score of an item that lacks words and its limit


@dataclass(frozen=True, order=True)
class Segment:
    """Requests of one kind. `request`: search (an order of given items for a query among them),
    recommend or rank; `history`: of the visitor.
    """

    request: str
    query: str
    history: bool

    @property
    def label(self) -> str:
        """As reports call it: `search, precise, with a history`."""
        query = "no query" if self.query == "none" else self.query
        return f"{self.request}, {query}, {'with' if self.history else 'without'} a history"


@dataclass(frozen=True)
class LearnedScale:
    """The scale of one segment: 0 is the fixed order, 1 what is learned."""

    segment: Segment
    scale: float


def blended(fixed: Floats, learned: Floats, scale: float, complete: NDArray[np.bool_]) -> Floats:
    """fixed + scale x (learned - fixed), guarded; float32 [n].

    `complete` bool [n]: whose titles have all the query's words.
    """
    if scale == 0.0:
        return fixed
    mixed: Floats = (fixed + np.float32(scale) * (learned - fixed)).astype(np.float32)
    return guarded(learned if scale == 1.0 else mixed, fixed, complete)


def guarded(scores: Floats, fixed: Floats, complete: NDArray[np.bool_]) -> Floats:
    """The scores, but what is learned lifts no item that lacks one of the query's words above an
    item that has them all, where the fixed score had put it below; float32 [n].

    Items that have all the words keep the learned order among themselves, and so do the others.
    """
    having, lacking = np.flatnonzero(complete), np.flatnonzero(~complete)
    if not len(having) or not len(lacking):
        return scores
    by_fixed = having[np.argsort(-fixed[having], kind="stable")]
    # By the number of items with all the words that the fixed score puts first: the lowest of them.
    lowest = np.minimum.accumulate(scores[by_fixed])
    above = np.searchsorted(-fixed[by_fixed], -fixed[lacking], side="right")
    limits = np.where(above > 0, lowest[np.maximum(above - 1, 0)], np.inf)
    order = np.argsort(np.argsort(-scores[lacking], kind="stable"))
    limits = limits - MARGIN * (1 + order) / len(lacking)
    result: Floats = scores.copy()
    result[lacking] = np.minimum(scores[lacking], limits.astype(np.float32))
    return result


def on_scale_of(fixed: Floats, scores: Floats) -> Floats:
    """The scores with the mean and standard deviation of `fixed`: their order stays, float32 [n].

    Trees score on a scale of their own, on which no mixture with the fixed score makes sense.
    """
    spread = float(scores.std())
    standard = (scores - scores.mean()) / (spread if spread > 1e-6 else 1.0)
    scaled: Floats = fixed.mean() + max(float(fixed.std()), 1e-6) * standard
    return scaled.astype(np.float32)
