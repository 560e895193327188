"""Statistics of a whole catalogue: its number of items and its largest popularity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Statistics:
    """Statistics over every item of a catalogue, and the meaning cut fitted on its sample.

    The least cosine of query and item for a hit without the query's words: `meaning_cut` where
    other items have words of the query, `meaning_cut_alone` where none has; -1: not fitted.
    """

    items: int = 0
    max_popularity: float = 0.0
    meaning_cut: float = -1.0
    meaning_cut_alone: float = -1.0

    def popularity(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        """log(1 + p) / log(1 + max p), float32 in [0, 1]."""
        if self.max_popularity <= 0:
            return np.zeros_like(raw, dtype=np.float32)
        scaled = np.log1p(np.maximum(raw, 0.0)) / np.log1p(self.max_popularity)
        limited: NDArray[np.float32] = np.minimum(scaled, 1.0).astype(np.float32)
        return limited
