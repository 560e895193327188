"""NDCG of a ranking from clicks, corrected for the positions at which items were shown.

A click at a position that is examined with propensity p stands for 1 / p relevant items (Joachims,
Swaminathan and Schnabel 2017). Weights are clipped, at the price of a bias towards the ranking
that was shown, and self-normalised (Swaminathan and Joachims 2015).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.data.propensities import Propensities
from learning.data.ubi_log import Impression
from learning.evaluation.measures.metrics import Values, padded, ratio

K = 10  # ranks that count


@dataclass(frozen=True)
class Weighted:
    """NDCG float64 [n] (NaN without a click) and its weights: the DCG of the ideal order."""

    values: Values
    weights: Values


def ndcg_as_logged(
    impressions: Sequence[Impression], propensities: Propensities | None = None, clip: float = 0.0
) -> Weighted:
    """NDCG@10 of each list as it was shown, by its own clicks, each worth 1 / max(p, clip).

    Without propensities each click is worth 1. The weighted mean is sum DCG / sum ideal DCG. With
    one relevant item a query it is the self-normalised estimate of its NDCG: a plain mean would
    miss the queries whose relevant item stood so low that nobody saw it.
    """
    positions, gains = [], []
    for impression in impressions:
        at = np.array([click.position for click in impression.clicks], dtype=np.int64)
        positions.append(at)
        gains.append(np.ones(len(at)) if propensities is None else 1.0 / propensities.at(at, clip))
    return _ndcg(positions, gains)


@dataclass(frozen=True)
class Rankings:
    """Query texts that were answered with several rankings, and the NDCG of these by their clicks.

    `first` and `last`: of the first and the last ranking of each text, in the order of time.
    """

    texts: tuple[str, ...]
    first: Weighted
    last: Weighted


def compare_rankings(
    impressions: Sequence[Impression], propensities: Propensities, clip: float
) -> Rankings:
    """The first and the last ranking of each text, judged by the clicks on all of its rankings.

    An item's gain is the mean of click / max(p, clip) over the times it was shown for the text.
    Texts with one ranking, or without a click, say nothing and are left out.
    """
    by_text: dict[str, list[Impression]] = {}
    for impression in impressions:
        by_text.setdefault(impression.plain_text, []).append(impression)
    gains = {
        text: _gains(shown, propensities, clip)
        for text, shown in by_text.items()
        if len(set(map(_top, shown))) > 1 and any(each.clicks for each in shown)
    }
    arrays = [np.array(list(of_items.values())) for of_items in gains.values()]

    def judged(number: int) -> Weighted:
        lists = [_positions(by_text[text][number], gains[text]) for text in gains]
        return _ndcg(lists, arrays)

    return Rankings(tuple(gains), judged(0), judged(-1))


def effective_count(
    impressions: Sequence[Impression], propensities: Propensities, clip: float
) -> tuple[int, float, int]:
    """Clicks, their effective number (Kish 1965), and how many propensities were clipped.

    The effective number is that of unweighted clicks whose mean has the same variance.
    """
    at = np.array([c.position for each in impressions for c in each.clicks], dtype=np.int64)
    if not len(at):
        return 0, 0.0, 0
    weights = 1.0 / propensities.at(at, clip)
    clipped = int((propensities.at(at) < clip).sum())
    return len(at), float(weights.sum() ** 2 / (weights**2).sum()), clipped


def _top(impression: Impression) -> tuple[tuple[int, str], ...]:
    return tuple(zip(impression.positions[:K], impression.item_ids[:K], strict=True))


def _gains(
    shown: Sequence[Impression], propensities: Propensities, clip: float
) -> Mapping[str, float]:
    totals: dict[str, float] = {}
    times: dict[str, int] = {}
    for impression in shown:
        for item_id in impression.item_ids:
            times[item_id] = times.get(item_id, 0) + 1
        for click in impression.clicks:
            gain = 1.0 / float(propensities.at(click.position, clip))
            totals[click.item_id] = totals.get(click.item_id, 0.0) + gain
    return {item_id: total / times[item_id] for item_id, total in totals.items()}


def _positions(impression: Impression, gains: Mapping[str, float]) -> NDArray[np.int64]:
    """The position of each item that has a gain; 0: the list does not show it."""
    positions = dict(zip(impression.item_ids, impression.positions, strict=True))
    return np.array([positions.get(item_id, 0) for item_id in gains], dtype=np.int64)


def _ndcg(positions: Sequence[NDArray[np.int64]], gains: Sequence[Values]) -> Weighted:
    """NDCG@10 of gains at positions from 1 on (0: not in the list), one array a query."""
    discount = 1.0 / np.log2(np.arange(2, K + 2))
    dcg = np.zeros(len(positions))
    for row, (at, gain) in enumerate(zip(positions, gains, strict=True)):
        counts = (at >= 1) & (at <= K)
        dcg[row] = gain[counts] @ discount[at[counts] - 1]
    ideal = -np.sort(-padded([gain.tolist() for gain in gains]), axis=1)[:, :K]
    best = ideal @ discount[: ideal.shape[1]]
    return Weighted(ratio(dcg, best), best)
