"""Rank-biased overlap: how alike two ranked lists are, their tops above all."""

from collections.abc import Sequence

PERSISTENCE = 0.8  # the chance that a reader goes on to the next rank: five ranks on average


def rank_biased_overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """From 0, nothing in common, to 1, the same lists; of as many ranks as the longer list has.

    The mean overlap at each depth, weighted by PERSISTENCE^(depth - 1) (Webber et al. 2010), over
    the sum of the weights, since the lists end.
    """
    depths = max(len(one), len(other))
    if not depths:
        return 1.0
    weights = [PERSISTENCE**depth for depth in range(depths)]
    overlaps = [len({*one[:depth]} & {*other[:depth]}) / depth for depth in range(1, depths + 1)]
    return sum(w * o for w, o in zip(weights, overlaps, strict=True)) / sum(weights)
