"""Statistics of a whole catalogue: its number of items and its largest popularity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Statistics:
    """Statistics over every item of a catalogue."""

    items: int = 0
    max_popularity: float = 0.0

    def popularity(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        """log(1 + p) / log(1 + max p), float32 in [0, 1]."""
        if self.max_popularity <= 0:
            return np.zeros_like(raw, dtype=np.float32)
        scaled = np.log1p(np.maximum(raw, 0.0)) / np.log1p(self.max_popularity)
        limited: NDArray[np.float32] = np.minimum(scaled, 1.0).astype(np.float32)
        return limited
