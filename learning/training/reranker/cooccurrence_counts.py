"""Fits `ranking.cooccurrence` on visits, and the same without some of the visitors.

A count that includes a training row's own target validates far too well and fails in the shop. So
counts are cross-fitted: a hash cuts the visitors into FOLDS folds, and a training row gets the
counts of the other folds' visitors, which is what a new visitor will get. That way the last items
may be counted too.
"""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import cg

from query_service.ranking.learned.cooccurrence import Cooccurrence

FOLDS = 5
MOST_PARTNERS = 200  # of an item
WINDOW = 20  # only so many items after an item are weighted as coming after it
DECAY = 0.8  # per step: of a pair with each item in between, of an item with each later one
RIDGE = 0.05  # penalty on an era's square: it shrinks most the eras that few visits tell of
SCALE = 100_000.0  # counts are per so many visits: comparable between numbers of visitors
LONGEST = 200  # newest items of a visit that are counted
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Pairs = tuple[Ints, Ints, Floats]


def fold_of(user_id: str) -> int:
    """The fold that a visitor belongs to."""
    digest = hashlib.sha256(b"fold " + user_id.encode()).digest()
    return int.from_bytes(digest[:4], "big") % FOLDS


def cross_fitted(visits: Mapping[str, Sequence[str]]) -> list[Cooccurrence]:
    """For each fold, the counts of all other folds' visitors; `visits` by user id."""
    return [
        fit([items for user, items in visits.items() if fold_of(user) != fold])
        for fold in range(FOLDS)
    ]


def fit(visits: Sequence[Sequence[str]], most: int = MOST_PARTNERS) -> Cooccurrence:
    """Counts visits (oldest item first, each item once); `most` strongest partners of an item."""
    ids = tuple(sorted({item_id for items in visits for item_id in items}))
    row_of = {item_id: row for row, item_id in enumerate(ids)}
    rows = [np.array([row_of[i] for i in items[-LONGEST:]], dtype=np.int64) for items in visits]
    visit_counts = np.zeros((len(ids), 3))  # columns COUNT, RECENT, LAST
    for items in rows:
        visit_counts[items, 0] += 1
        visit_counts[items, 1] += DECAY ** np.arange(len(items))[::-1]
        visit_counts[items[-1:], 2] += 1
    ordered = _ordered_pairs(rows)
    item, partner, weights = _strongest(*_pair_weights(ordered, len(ids)), most)
    weights /= np.sqrt(np.maximum(visit_counts[:, 0], 1))[item, None]
    return Cooccurrence(
        ids,
        np.concatenate([[0], np.cumsum(np.bincount(item, minlength=len(ids)))]).astype(np.int64),
        partner.astype(np.int32),
        # As they are served: float16 rounds, and training must see the rounded ones.
        weights.astype(np.float16).astype(np.float32),
        (visit_counts * SCALE / max(len(visits), 1)).astype(np.float32),
        _eras(ordered, len(ids)),
    )


def _eras(ordered: Pairs, count: int) -> NDArray[np.float32]:
    """A number for each item, float32 [count], larger for items that come later in visits.

    HodgeRank (Jiang et al. 2011): the least squares of era[later] - era[earlier] = 1 over the
    ordered pairs, by their weights, with the ridge penalty RIDGE. Scaled to a deviation of 1. No
    clock is needed: the order of visits tells when an item came up.
    """
    earlier, later, pair_weights = ordered
    if not len(earlier):
        return np.zeros(count, dtype=np.float32)
    weights = sparse.csr_matrix((pair_weights, (earlier, later)), shape=(count, count))
    both = weights + weights.T
    laplacian = sparse.diags(np.asarray(both.sum(axis=1)).ravel() + RIDGE) - both
    divergence = np.asarray(weights.sum(axis=0)).ravel() - np.asarray(weights.sum(axis=1)).ravel()
    eras, _ = cg(laplacian, divergence, rtol=1e-4, maxiter=2000)
    return (eras / max(float(eras.std()), 1e-9)).astype(np.float32)


def _ordered_pairs(rows: Sequence[Ints]) -> Pairs:
    """Each item of a visit with each later one: the two rows, and a weight less for far ones."""
    earlier, later, weights = [], [], []
    for items in rows:
        for gap in range(1, len(items)):
            earlier.append(items[:-gap])
            later.append(items[gap:])
            weight = DECAY ** (gap - 1) if gap < WINDOW else 0.0
            weights.append(np.full(len(items) - gap, weight))
    empty = np.zeros(0, dtype=np.int64)
    return (
        np.concatenate([*earlier, empty]),
        np.concatenate([*later, empty]),
        np.concatenate([*weights, np.zeros(0)]),
    )


def _pair_weights(ordered: Pairs, count: int) -> Pairs:
    """Items [m], partners [m] and weights [m, 2], columns TOGETHER and AFTER of `Cooccurrence`."""
    earlier, later, weight = ordered
    weight = np.concatenate([weight, np.zeros(len(earlier))])
    keys = np.concatenate([earlier * count + later, later * count + earlier])
    pairs, pair = np.unique(keys, return_inverse=True)
    weights = np.stack([np.bincount(pair), np.bincount(pair, weights=weight)], axis=1)
    return pairs // max(count, 1), pairs % max(count, 1), weights.astype(np.float64)


def _strongest(item: Ints, partner: Ints, weights: Floats, most: int) -> Pairs:
    """The `most` partners of each item with the largest sum of weights, ordered by item."""
    order = np.lexsort((partner, -weights.sum(axis=1), item))
    item = item[order]
    starts = np.flatnonzero(np.r_[True, item[1:] != item[:-1]]) if len(item) else item
    sizes = np.diff(np.r_[starts, len(item)])
    rank = np.arange(len(item)) - np.repeat(starts, sizes)
    chosen = order[rank < most]
    return item[rank < most], partner[chosen], weights[chosen]
