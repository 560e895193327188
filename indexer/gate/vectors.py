"""Stored vectors against the same items encoded again."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.projections import Vectors
from indexer.gate.sample import SampledItem
from indexer.index.item_vectors import ItemVectors
from indexer.index.rebuilding.before_swap import Check

SHOWN = 3  # items that a failure names


def check_vectors(sample: Sequence[SampledItem], vectors: ItemVectors, least: float) -> Check:
    """Whether every vector of the sample, taken over or new, is the encoder's.

    Vectors that were taken over and those of both layouts alike: the items are encoded, and
    projected into the index's space, as the fill does.
    """
    name = "vectors"
    if not sample:
        return Check(name, None, "no item has a vector")
    expected = vectors.encode([each.item for each in sample])
    if any(each.vector.shape != row.shape for each, row in zip(sample, expected, strict=True)):
        text = f"stored vectors have not the encoder's {expected.shape[1]} dimensions"
        return Check(name, False, text, 0.0, least)
    cosines = _cosines(np.stack([each.vector for each in sample]), expected)
    lowest = float(cosines.min())
    other = [row for row in np.argsort(cosines) if cosines[row] < least]
    text = (
        f"{len(sample)} items encoded again, lowest cosine {lowest:.4f} (allowed: {least:g}, "
        "LIVE_INTENT_GATE_MIN_COSINE)"
    )
    if other:
        named = ", ".join(sample[row].item.item_id for row in other[:SHOWN])
        text = f"{len(other)} of {text}; items {named}"
    return Check(name, not other, text, lowest, least)


def _cosines(stored: Vectors, expected: Vectors) -> NDArray[np.float32]:
    """The cosine of each pair of rows; 1 where both are zero, 0 where one is."""
    lengths = np.linalg.norm(stored, axis=1) * np.linalg.norm(expected, axis=1)
    products = (stored * expected).sum(axis=1)
    both_zero = ~stored.any(axis=1) & ~expected.any(axis=1)
    cosines = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    result: NDArray[np.float32] = np.where(both_zero, np.float32(1), cosines)
    return result
