"""What visits say of items: which are acted on by the same visitors, and which of late.

Learned by `learn reranker` (`learning.training.reranker`), a part of the re-ranker in a learned
bundle. Item-to-item counts (Linden et al. 2003) know what no text and no vector of 128 numbers
tells; how often an item stands at the end of visits tells the new from the old, and so does what
visitors acted on before it and after it: its era.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
WEIGHTS, IDS = "neighbours.safetensors", "neighbours.json"
TOGETHER, AFTER = 0, 1  # columns of a neighbour's weights
COUNT, LATELY, LAST = 0, 1, 2  # columns of an item's tally


@dataclass(frozen=True)
class Neighbours:
    """Of n items, by `ids`. Row i has the neighbours `places[starts[i] : starts[i + 1]]`.

    `starts` int64 [n + 1]; `places` int32 [m], rows of the neighbours; `weights` float32 [m, 2]:
    how many visitors acted on both, and how often the neighbour came after, near ones more, over
    the square root of how many acted on item i. `tally` float32 [n, 3]: in how many visits of a
    hundred thousand the item is, the same with visits' ends counting more, and as their last.
    `era` float32 [n]: early to late, with a standard deviation of 1 over the visits' items.
    """

    ids: tuple[str, ...]
    starts: NDArray[np.int64]
    places: NDArray[np.int32]
    weights: Floats
    tally: Floats
    era: Floats
    _scratch: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each item."""
        return {item_id: row for row, item_id in enumerate(self.ids)}

    def between(self, candidate_ids: Sequence[str], event_ids: Sequence[str]) -> Floats:
        """Weights of each candidate as each event's neighbour, float32 [n, E, 2]; else 0."""
        found = np.zeros((len(candidate_ids), len(event_ids), 2), dtype=np.float32)
        place_of = self._places()
        rows = [self.rows.get(item_id, -1) for item_id in candidate_ids]
        known = np.array([row for row in rows if row >= 0], dtype=np.int64)
        place_of[known] = np.flatnonzero(np.array(rows) >= 0)
        for column, event_id in enumerate(event_ids):
            row = self.rows.get(event_id, -1)
            if row >= 0:
                own = slice(int(self.starts[row]), int(self.starts[row + 1]))
                at = place_of[self.places[own]]
                wanted = at >= 0
                found[at[wanted], column] = self.weights[own][wanted]
        place_of[known] = -1  # it is used again
        return found

    def tallied(self, candidate_ids: Sequence[str]) -> Floats:
        """The tally of each candidate, float32 [n, 3]; 0 for one that no visit holds."""
        rows, known = self._known(candidate_ids)
        found = np.zeros((len(candidate_ids), 3), dtype=np.float32)
        found[known] = self.tally[rows]
        return found

    def eras(self, item_ids: Sequence[str]) -> Floats:
        """The era of each item, float32 [n]; NaN for one that no visit holds."""
        rows, known = self._known(item_ids)
        found = np.full(len(item_ids), np.nan, dtype=np.float32)
        found[known] = self.era[rows]
        return found

    def _known(self, item_ids: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Rows of the items that visits hold, and which these are, bool [n]."""
        rows = np.array([self.rows.get(item_id, -1) for item_id in item_ids], dtype=np.int64)
        return rows[rows >= 0], rows >= 0

    def save(self, folder: Path) -> None:
        """Writes them into the re-ranker's folder; weights as float16."""
        from safetensors.numpy import save_file

        tensors = {
            "starts": self.starts,
            "places": self.places,
            "weights": self.weights.astype(np.float16),
            "tally": self.tally,
            "era": self.era,
        }
        save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, folder / WEIGHTS)
        (folder / IDS).write_text(json.dumps(list(self.ids), ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Neighbours":
        """The reverse of `save`."""
        from safetensors.numpy import load_file

        found = load_file(folder / WEIGHTS)
        ids = tuple(json.loads((folder / IDS).read_text("utf-8")))
        weights = found["weights"].astype(np.float32)
        return cls(ids, found["starts"], found["places"], weights, found["tally"], found["era"])

    def _places(self) -> NDArray[np.int32]:
        """A row of -1 for each item, one a thread: a request writes a few and takes them back."""
        if not hasattr(self._scratch, "row"):
            self._scratch.row = np.full(len(self.ids), -1, dtype=np.int32)
        row: NDArray[np.int32] = self._scratch.row
        return row
