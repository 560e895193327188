"""Metrics of ranked lists, over a whole batch of queries at once.

`gains` float [n, r]: what the items of each list are worth, best rank first; 0 where an item is
worth nothing, and behind the end of a shorter list. `ideal` float [n, m]: the gains of all relevant
items, in any order, padded with 0. A row without any relevant item can't be answered by any list:
it gets NaN.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]


def ndcg(gains: ArrayLike, ideal: ArrayLike, k: int) -> Values:
    """NDCG@k, float64 [n]: the sum of gain / log2(1 + rank), over that of the best order."""
    lists, best = _checked(gains, ideal, k)
    best = -np.sort(-best, axis=1)
    return ratio(_dcg(lists, k), _dcg(best, k))


def recall(gains: ArrayLike, ideal: ArrayLike, k: int) -> Values:
    """Recall@k, float64 [n]: the share of the relevant items among the first k."""
    lists, best = _checked(gains, ideal, k)
    return ratio((lists[:, :k] > 0).sum(axis=1), (best > 0).sum(axis=1))


def reciprocal_rank(gains: ArrayLike, ideal: ArrayLike, k: int | None = None) -> Values:
    """1 / rank of the first relevant item (MRR is its mean), float64 [n]; 0 without one in k."""
    lists, best = _checked(gains, ideal, 1 if k is None else k)
    relevant = lists[:, :k] > 0
    if relevant.shape[1] == 0:
        ranks = np.zeros(len(lists))
    else:
        ranks = np.where(relevant.any(axis=1), 1.0 / (1.0 + relevant.argmax(axis=1)), 0.0)
    return np.where((best > 0).any(axis=1), ranks, np.nan)


def padded(rows: list[list[float]], width: int | None = None) -> Values:
    """Lists of different lengths as float64 [n, width], padded with 0; longer ones are cut.

    `width` None: that of the longest list.
    """
    width = max((len(row) for row in rows), default=0) if width is None else width
    table = np.zeros((len(rows), width))
    for number, row in enumerate(rows):
        cut = row[:width]
        table[number, : len(cut)] = cut
    return table


def binary_table(grades: list[list[float]], relevant: float, width: int | None = None) -> Values:
    """Gains of 1 for grades of at least `relevant`, else 0, float64 [lists, width], `padded`."""
    return padded([[float(grade >= relevant) for grade in row] for row in grades], width)


def ratio(above: NDArray[Any], below: NDArray[Any]) -> Values:
    """above / below, float64 [n]; NaN where `below` is not positive."""
    result = np.full(len(below), np.nan)
    np.divide(above, below, out=result, where=below > 0)
    return result


def _dcg(gains: Values, k: int) -> Values:
    cut = gains[:, :k]
    total: Values = cut @ (1.0 / np.log2(np.arange(2, cut.shape[1] + 2)))
    return total


def _checked(gains: ArrayLike, ideal: ArrayLike, k: int) -> tuple[Values, Values]:
    lists, best = _table(gains, "gains"), _table(ideal, "ideal")
    if len(lists) != len(best):
        raise ValueError(f"gains are of {len(lists)} queries, ideal of {len(best)}")
    if k < 1:
        raise ValueError(f"k={k}: at least 1 is allowed")
    return lists, best


def _table(rows: ArrayLike, name: str) -> Values:
    table = np.asarray(rows, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"{name} has shape {table.shape}, in place of [queries, ranks]")
    if not np.isfinite(table).all() or (table < 0).any():
        raise ValueError(f"{name} holds a gain that is negative or not finite")
    return table
