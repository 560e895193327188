"""Items to tell a target from: drawn by popularity, for popular ones are the hard ones."""

import hashlib
from collections.abc import Collection, Mapping

import numpy as np


class PopularityDraw:
    """Draws items without replacement, each with a chance in proportion to its count."""

    def __init__(self, counts: Mapping[str, int], seed: int = 0) -> None:
        """Items without a count are never drawn."""
        self._ids = sorted(item_id for item_id, count in counts.items() if count > 0)
        self._places = {item_id: place for place, item_id in enumerate(self._ids)}
        self._log_counts = np.log([counts[item_id] for item_id in self._ids])
        self._seed = seed

    def draw(self, key: str, own: Collection[str], count: int) -> list[str]:
        """`count` distinct items, none of `own`; the same for the same key and seed.

        Fewer where there are no more. The largest of log(count) + Gumbel noise are a draw
        without replacement (Efraimidis and Spirakis 2006).
        """
        digest = hashlib.sha256(key.encode()).digest()
        rng = np.random.default_rng([self._seed, int.from_bytes(digest[:8], "big")])
        keys = self._log_counts + rng.gumbel(size=len(self._ids))
        keys[[self._places[item_id] for item_id in own if item_id in self._places]] = -np.inf
        best = np.argsort(-keys, kind="stable")[:count]
        return [self._ids[place] for place in best if np.isfinite(keys[place])]
