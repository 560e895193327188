"""Maximal marginal relevance: what an item loses for its likeness to those before it.

Carbonell and Goldstein, 1998 (https://doi.org/10.1145/290941.291025).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from query_service.ranking.scores import Scores

Floats = NDArray[np.float32]
DEPTH = 50  # hits that are chosen one by one; the others keep what they lost by then
MAX_PRICE = 50.0  # of likeness, in spreads of the scores, for a diversity of 1
SAMPLE = 100  # items that the median cosine is estimated from


def diversified(
    scores: Scores, meaning: Floats, diversity: float, leading: NDArray[np.intp] | None = None
) -> Scores:
    """The scores less d / (1 - d) * spread * likeness, for d = `diversity` in [0, 1].

    `meaning` float32 [n, M]: the text halves of the items' vectors. The likeness of an item is in
    [0, 1]: from the median cosine of two items (all answers of one query are somewhat alike, by how
    much depends on the encoder) to 1, the largest to an item before it. The spread is the best
    score less the one at rank DEPTH. The next item is always the one whose reduced score is
    highest, and reduced scores only fall: their order is the order of choice.

    `leading` int [n]: for each row that of the item that stands for its group, None: each for
    itself. These alone are compared, and the others lose what theirs does.
    """
    leading = np.arange(len(scores.total)) if leading is None else leading
    rows = np.unique(leading)
    loss = np.zeros(len(scores.total), dtype=np.float32)
    loss[rows] = _losses(scores.total[rows], meaning[rows], diversity)
    if not loss.any():
        return scores
    loss = loss[leading]
    return replace(scores, total=(scores.total + loss).astype(np.float32), diversity=loss)


def _losses(total: Floats, meaning: Floats, diversity: float) -> Floats:
    """What each of n items loses, float32 [n], at most 0."""
    finite = np.isfinite(total)
    depth = min(DEPTH, int(finite.sum()))
    if diversity <= 0 or depth < 3:
        return np.zeros(len(total), dtype=np.float32)
    total = np.where(finite, total, -np.inf)
    best = np.partition(total, len(total) - depth)[-depth:]
    spread = max(float(best.max() - best.min()), 1e-6)
    unit = meaning / np.maximum(np.linalg.norm(meaning, axis=1, keepdims=True), 1e-9)
    ordinary = float(np.median(unit[:SAMPLE] @ unit[:SAMPLE].T))
    price = min(diversity / max(1 - diversity, 1e-6), MAX_PRICE) * spread / max(1 - ordinary, 1e-6)
    largest = np.full(len(total), ordinary, dtype=np.float32)  # cosine to an item before it
    left = np.ones(len(total), dtype=np.bool_)
    for _ in range(depth):
        row = int(np.where(left, total - price * largest, -np.inf).argmax())
        left[row] = False
        np.maximum(largest, unit @ unit[row], out=largest, where=left)
    losses: Floats = (price * (ordinary - largest)).astype(np.float32)
    return losses
