"""Measures of ranked lists, over a whole batch of queries at once.

`gains` float [n, r]: what the items of each list are worth, best place first; 0 where an item is
worth nothing, and behind the end of a shorter list. `ideal` float [n, m]: the same for every item
that is worth something, in any order, padded with 0. A row without any is no question that a list
could answer: it gets NaN.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]


def binary_gains(grades: ArrayLike, relevant: float) -> Values:
    """1 for grades of at least `relevant`, else 0: float64, same shape."""
    return (np.asarray(grades, dtype=np.float64) >= relevant).astype(np.float64)


def ndcg(gains: ArrayLike, ideal: ArrayLike, k: int) -> Values:
    """NDCG@k, float64 [n]: the sum of gain / log2(1 + place), over that of the best order."""
    lists, best = _rows(gains, "gains"), _rows(ideal, "ideal")
    _check(lists, best, k)
    best = -np.sort(-best, axis=1)
    return _ratio(_dcg(lists, k), _dcg(best, k))


def recall(gains: ArrayLike, ideal: ArrayLike, k: int) -> Values:
    """Recall@k, float64 [n]: the share of the items worth something among the first k."""
    lists, best = _rows(gains, "gains"), _rows(ideal, "ideal")
    _check(lists, best, k)
    return _ratio((lists[:, :k] > 0).sum(axis=1), (best > 0).sum(axis=1))


def reciprocal_rank(gains: ArrayLike, ideal: ArrayLike, k: int | None = None) -> Values:
    """1 / place of the first hit (MRR is its mean), float64 [n]; 0 where the list has none."""
    lists, best = _rows(gains, "gains"), _rows(ideal, "ideal")
    depth = lists.shape[1] if k is None else k
    _check(lists, best, max(depth, 1))
    hits = lists[:, :depth] > 0
    if hits.shape[1] == 0:
        found = np.zeros(len(lists))
    else:
        found = np.where(hits.any(axis=1), 1.0 / (1.0 + hits.argmax(axis=1)), 0.0)
    return np.where((best > 0).any(axis=1), found, np.nan)


def padded(rows: list[list[float]], width: int | None = None) -> Values:
    """Lists of different lengths as float64 [n, width], 0 behind their ends; longer ones are cut.

    `width` is that of the longest when not given.
    """
    width = max((len(row) for row in rows), default=0) if width is None else width
    table = np.zeros((len(rows), width))
    for place, row in enumerate(rows):
        cut = row[:width]
        table[place, : len(cut)] = cut
    return table


def binary_table(grades: list[list[float]], relevant: float, width: int | None = None) -> Values:
    """`binary_gains` of lists of different lengths, `padded`."""
    return padded([binary_gains(row, relevant).tolist() for row in grades], width)


def _dcg(gains: Values, k: int) -> Values:
    cut = gains[:, :k]
    total: Values = cut @ (1.0 / np.log2(np.arange(2, cut.shape[1] + 2)))
    return total


def _ratio(above: NDArray[np.generic], below: NDArray[np.generic]) -> Values:
    result = np.full(len(below), np.nan)
    np.divide(above, below, out=result, where=np.asarray(below) > 0)
    return result


def _rows(table: ArrayLike, name: str) -> Values:
    rows = np.asarray(table, dtype=np.float64)
    if rows.ndim != 2:
        raise ValueError(f"{name} has shape {rows.shape}: [queries, places] is wanted")
    if not np.isfinite(rows).all() or (rows < 0).any():
        raise ValueError(f"{name} holds a gain that is negative or not finite")
    return rows


def _check(gains: Values, ideal: Values, k: int) -> None:
    if len(gains) != len(ideal):
        raise ValueError(f"gains are of {len(gains)} queries, ideal of {len(ideal)}")
    if k < 1:
        raise ValueError(f"k={k}: at least 1 is wanted")
