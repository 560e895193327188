"""Negatives to rank a target among: drawn by popularity, for popular items are the hard ones."""

import hashlib
from collections.abc import Collection, Mapping

import numpy as np


class PopularityDraw:
    """Draws items without replacement, each with a probability in proportion to its count."""

    def __init__(self, counts: Mapping[str, int], seed: int = 0) -> None:
        """Items without a count are never drawn."""
        self._ids = sorted(item_id for item_id, count in counts.items() if count > 0)
        self._rows = {item_id: row for row, item_id in enumerate(self._ids)}
        self._log_counts = np.log([counts[item_id] for item_id in self._ids])
        self._seed = seed

    def draw(self, key: str, excluded: Collection[str], count: int) -> list[str]:
        """`count` distinct items, none of `excluded`; the same for the same key and seed.

        Fewer where there are no more. The largest of log(count) + Gumbel noise are a draw
        without replacement (Efraimidis and Spirakis 2006).
        """
        digest = hashlib.sha256(key.encode()).digest()
        rng = np.random.default_rng([self._seed, int.from_bytes(digest[:8], "big")])
        keys = self._log_counts + rng.gumbel(size=len(self._ids))
        keys[[self._rows[item_id] for item_id in excluded if item_id in self._rows]] = -np.inf
        best = np.argsort(-keys, kind="stable")[:count]
        return [self._ids[row] for row in best if np.isfinite(keys[row])]
