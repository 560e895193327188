"""The pivot of an index's popularities: which one counts half in the engine's saturation.

Left out of a query, each shard computes it of its own items, and scores of two shards differ.
"""

from collections.abc import Sequence

import numpy as np

SMALLEST_RANK = 1e-30  # `rank_feature` refuses what float32 would round to zero
_DROPPED_BITS = 15  # of a float32: the engine keeps the others as a term's frequency


def popularity_pivot(popularities: Sequence[float]) -> float:
    """Lucene's pivot of `rank_feature` values, near their geometric mean; 0 where there are none.

    Of all items it is what the engine computes of an index with one shard.
    """
    values = np.array([p for p in popularities if p > SMALLEST_RANK], np.float32)
    if not len(values):
        return 0.0
    frequency = int(np.mean(values.view(np.int32) >> _DROPPED_BITS, dtype=np.float64))
    return float(np.array(frequency << _DROPPED_BITS, np.int32).view(np.float32))
