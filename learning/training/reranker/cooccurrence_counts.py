"""Counts of visits for `ranking.cooccurrence`, and the same without some of the visitors.

A count that has seen a row's own target validates wonderfully and fails in the shop. Here the
visitors are cut into FOLDS parts by a hash, and a training row is given what the visitors of the
other parts did: what a new visitor will be given. That way the last items may be counted too.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import cg

from learning.data.behaviour import VisitRow
from query_service.ranking.cooccurrence import Cooccurrence

FOLDS = 5
MOST = 200  # neighbours kept of an item
REACH = 20  # items that a following one may be behind
FADE = 0.8  # what each item in between takes of a following one, and each later one of an end
TIE = 0.05  # what holds an item's era at 0: much where few visits say anything, else little
PER = 100_000.0  # visits, that counts of other numbers of visitors can be compared
LONGEST = 200  # newest items of a visit that are counted
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def fold_of(user_id: str) -> int:
    """The part that a visitor belongs to."""
    digest = hashlib.sha256(b"fold " + user_id.encode()).digest()
    return int.from_bytes(digest[:4], "big") % FOLDS


def visits_of(rows: Iterable[VisitRow]) -> dict[str, tuple[str, ...]]:
    """Each user's items by the longest row of theirs, the target last."""
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        items = (*dict.fromkeys(event.item_id for event in row.history), row.target)
        if len(items) > len(found.get(row.user_id, ())):
            found[row.user_id] = items
    return found


def cross_fitted(visits: Mapping[str, Sequence[str]]) -> list[Cooccurrence]:
    """For each part, what the visitors of the others say."""
    return [
        fit([items for user, items in visits.items() if fold_of(user) != fold])
        for fold in range(FOLDS)
    ]


def fit(visits: Sequence[Sequence[str]], most: int = MOST) -> Cooccurrence:
    """From visits, oldest item first, none twice in one; of each item the `most` strongest."""
    ids = tuple(sorted({item_id for items in visits for item_id in items}))
    place = {item_id: row for row, item_id in enumerate(ids)}
    rows = [np.array([place[i] for i in items[-LONGEST:]], dtype=np.int64) for items in visits]
    tally = np.zeros((len(ids), 3))
    for items in rows:
        tally[items, 0] += 1
        tally[items, 1] += FADE ** np.arange(len(items))[::-1]
        tally[items[-1:], 2] += 1
    ordered = _ordered(rows)
    item, near, weights = _strongest(*_together(ordered, len(ids)), most)
    weights /= np.sqrt(np.maximum(tally[:, 0], 1))[item, None]
    return Cooccurrence(
        ids,
        np.concatenate([[0], np.cumsum(np.bincount(item, minlength=len(ids)))]).astype(np.int64),
        near.astype(np.int32),
        # As they are served: float16 rounds, and training must see the rounded ones.
        weights.astype(np.float16).astype(np.float32),
        (tally * PER / max(len(visits), 1)).astype(np.float32),
        _eras(ordered, len(ids)),
    )


def _eras(ordered: tuple[Ints, Ints, Floats], count: int) -> NDArray[np.float32]:
    """Early to late, float32 [count]: items so placed that what comes later in a visit is later.

    HodgeRank (Jiang et al. 2011): least squares of era[later] - era[earlier] = 1 over the pairs of
    each visit, near ones weighing more, and TIE times each era's square. No clock is needed: the
    order of visits tells when an item came up.
    """
    earlier, later, fades = ordered
    if not len(earlier):
        return np.zeros(count, dtype=np.float32)
    weights = sparse.csr_matrix((fades, (earlier, later)), shape=(count, count))
    both = weights + weights.T
    laplacian = sparse.diags(np.asarray(both.sum(axis=1)).ravel() + TIE) - both
    wanted = np.asarray(weights.sum(axis=0)).ravel() - np.asarray(weights.sum(axis=1)).ravel()
    found, _ = cg(laplacian, wanted, rtol=1e-4, maxiter=2000)
    return (found / max(float(found.std()), 1e-9)).astype(np.float32)


def _ordered(rows: Sequence[Ints]) -> tuple[Ints, Ints, Floats]:
    """Every item with each later one of its visit, and the pair's weight, less for far ones."""
    first, second, fades = [], [], []
    for items in rows:
        for gap in range(1, len(items)):
            first.append(items[:-gap])
            second.append(items[gap:])
            fades.append(np.full(len(items) - gap, FADE ** (gap - 1) if gap < REACH else 0.0))
    none = np.zeros(0, dtype=np.int64)
    return (
        np.concatenate([*first, none]),
        np.concatenate([*second, none]),
        np.concatenate([*fades, np.zeros(0)]),
    )


def _together(ordered: tuple[Ints, Ints, Floats], count: int) -> tuple[Ints, Ints, Floats]:
    """Items [m], their neighbours [m] and [m, 2]: visits with both, and how often it came after."""
    a, b, fade = ordered
    fade = np.concatenate([fade, np.zeros(len(a))])
    keys, cell = np.unique(np.concatenate([a * count + b, b * count + a]), return_inverse=True)
    weights = np.stack([np.bincount(cell), np.bincount(cell, weights=fade)], axis=1)
    return keys // max(count, 1), keys % max(count, 1), weights.astype(np.float64)


def _strongest(item: Ints, near: Ints, weights: Floats, most: int) -> tuple[Ints, Ints, Floats]:
    """Of each item's neighbours the `most` with the largest weights."""
    order = np.lexsort((near, -weights.sum(axis=1), item))
    item = item[order]
    begins = np.flatnonzero(np.r_[True, item[1:] != item[:-1]]) if len(item) else item
    sizes = np.diff(np.r_[begins, len(item)])
    place = np.arange(len(item)) - np.repeat(begins, sizes)
    kept = order[place < most]
    return item[place < most], near[kept], weights[kept]
