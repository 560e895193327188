"""Item-to-item counts of visits, and each item's own counts and era.

Counted by `learn reranker` (`learning.training.reranker.cooccurrence_counts`), a part of the
re-ranker in a learned bundle. Item-to-item counts (Linden et al. 2003) hold what neither a text nor
a vector of 128 numbers can express. How often an item is the last of a visit separates new items
from old ones; so does its era, estimated from the items before and after it in visits.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.item_arrays import Arrays, load_item_arrays, save_item_arrays

Floats = NDArray[np.float32]

WEIGHTS, IDS = "neighbours.safetensors", "neighbours.json"
TOGETHER, AFTER = 0, 1  # columns of a pair's weights
COUNT, RECENT, LAST = 0, 1, 2  # columns of an item's visit counts


@dataclass(frozen=True)
class Cooccurrence:
    """Of n items, by `ids`, as a ragged array with offsets: item i co-occurs with the items in the
    rows `partners[offsets[i] : offsets[i + 1]]`.

    `offsets` int64 [n + 1]; `partners` int32 [m], rows of items; `weights` float32 [m, 2]: how many
    visitors acted on both, and how often the partner came after item i (near ones weigh more), over
    the square root of how many acted on item i. `visit_counts` float32 [n, 3]: in how many of a
    hundred thousand visits the item is, the same with a decay per step from the visit's end, and as
    its last. `era` float32 [n]: early to late, with a standard deviation of 1 over the items.
    """

    ids: tuple[str, ...]
    offsets: NDArray[np.int64]
    partners: NDArray[np.int32]
    weights: Floats
    visit_counts: Floats
    era: Floats
    _scratch: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    @classmethod
    def none(cls) -> "Cooccurrence":
        """The counts of no visit."""
        floats = np.zeros((0, 3), dtype=np.float32)
        offsets, partners = np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int32)
        return cls((), offsets, partners, floats[:, :2], floats, floats[:, 0])

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each item."""
        return {item_id: row for row, item_id in enumerate(self.ids)}

    def between(self, candidate_ids: Sequence[str], event_ids: Sequence[str]) -> Floats:
        """Weights of each candidate as each event's partner, float32 [n, E, 2]; else 0."""
        weights = np.zeros((len(candidate_ids), len(event_ids), 2), dtype=np.float32)
        candidate_of_row = self._candidate_of_row()
        rows, known = self._known(candidate_ids)
        candidate_of_row[rows] = np.flatnonzero(known)
        for column, event_id in enumerate(event_ids):
            row = self.rows.get(event_id, -1)
            if row >= 0:
                own = slice(int(self.offsets[row]), int(self.offsets[row + 1]))
                candidates = candidate_of_row[self.partners[own]]
                present = candidates >= 0
                weights[candidates[present], column] = self.weights[own][present]
        candidate_of_row[rows] = -1  # for the next request in this thread
        return weights

    def visit_counts_of(self, item_ids: Sequence[str]) -> Floats:
        """The visit counts of each item, float32 [n, 3]; 0 for an item of no visit."""
        rows, known = self._known(item_ids)
        counts = np.zeros((len(item_ids), 3), dtype=np.float32)
        counts[known] = self.visit_counts[rows]
        return counts

    def eras_of(self, item_ids: Sequence[str]) -> Floats:
        """The era of each item, float32 [n]; NaN for an item of no visit."""
        rows, known = self._known(item_ids)
        eras = np.full(len(item_ids), np.nan, dtype=np.float32)
        eras[known] = self.era[rows]
        return eras

    def save(self, folder: Path) -> None:
        """Write it into the re-ranker's folder; weights as float16."""
        arrays: Arrays = {
            "starts": self.offsets,
            "places": self.partners,
            "weights": self.weights.astype(np.float16),
            "tally": self.visit_counts,
            "era": self.era,
        }
        save_item_arrays(folder / WEIGHTS, arrays, folder / IDS, self.ids)

    @classmethod
    def load(cls, folder: Path) -> "Cooccurrence":
        """The inverse of `save`."""
        arrays, ids = load_item_arrays(folder / WEIGHTS, folder / IDS)
        weights = arrays["weights"].astype(np.float32)
        return cls(ids, arrays["starts"], arrays["places"], weights, arrays["tally"], arrays["era"])

    def _known(self, item_ids: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Rows of the items that have counts, and which these are, bool [n]."""
        # The same candidates are asked for three times in a row.
        last_ids, last = getattr(self._scratch, "known", (None, None))
        if last is not None and last_ids is item_ids:
            known: tuple[NDArray[np.int64], NDArray[np.bool_]] = last
            return known
        rows = np.array([self.rows.get(item_id, -1) for item_id in item_ids], dtype=np.int64)
        known = rows[rows >= 0], rows >= 0
        if isinstance(item_ids, tuple):
            self._scratch.known = item_ids, known
        return known

    def _candidate_of_row(self) -> NDArray[np.int32]:
        """-1 for each item, an array per thread: a request writes a few entries and resets them."""
        if not hasattr(self._scratch, "row"):
            self._scratch.row = np.full(len(self.ids), -1, dtype=np.int32)
        row: NDArray[np.int32] = self._scratch.row
        return row
