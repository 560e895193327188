"""What a ranking is worth by clicks that are corrected for where the items were shown.

A click at a position that is looked at with propensity p stands for 1 / p wanted items (Joachims,
Swaminathan and Schnabel 2017). Weights are clipped, at the price of a bias towards the ranking
that was shown, and self-normalised (Swaminathan and Joachims 2015).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.data.propensities import Propensities
from learning.data.ubi_log import Impression
from learning.evaluation.measures.metrics import padded

Values = NDArray[np.float64]
PLACES = 10


@dataclass(frozen=True)
class Weighted:
    """NDCG float64 [n] (NaN without a click) and what each weighs, the DCG of its best order."""

    values: Values
    weights: Values


def ndcg_as_logged(
    impressions: Sequence[Impression], propensities: Propensities | None = None, clip: float = 0.0
) -> Weighted:
    """NDCG@10 of each list as it was shown, by its own clicks, each worth 1 / max(p, clip).

    Without propensities each click is worth 1. The weighted mean is sum DCG / sum ideal DCG. With
    one wanted item a query it is the self-normalised estimate of its NDCG: a plain mean would
    forget the queries whose wanted item stood so low that nobody saw it.
    """
    places, gains = [], []
    for each in impressions:
        at = np.array([click.position for click in each.clicks], dtype=np.int64)
        places.append(at)
        gains.append(np.ones(len(at)) if propensities is None else 1.0 / propensities.at(at, clip))
    return _ndcg(places, gains)


@dataclass(frozen=True)
class Rankings:
    """Query texts that were answered with several rankings, and what their clicks say of these.

    `first` and `last`: of the first and the last ranking of each text, in the order of time.
    """

    texts: tuple[str, ...]
    first: Weighted
    last: Weighted


def compare_rankings(
    impressions: Sequence[Impression], propensities: Propensities, clip: float
) -> Rankings:
    """The first and the last ranking of each text, judged by the clicks on all of its rankings.

    An item's worth is the mean of click / max(p, clip) over the times it was shown for the text.
    Texts with one ranking, or without a click, tell nothing and are left out.
    """
    by_text: dict[str, list[Impression]] = {}
    for each in impressions:
        by_text.setdefault(each.plain_text, []).append(each)
    texts, firsts, lasts = [], [], []
    for text, shown in by_text.items():
        if len({_top(each) for each in shown}) > 1 and any(each.clicks for each in shown):
            texts.append(text)
            worth = _worth(shown, propensities, clip)
            firsts.append((_places(shown[0], worth), worth))
            lasts.append((_places(shown[-1], worth), worth))
    return Rankings(tuple(texts), _judged(firsts), _judged(lasts))


def effective_count(
    impressions: Sequence[Impression], propensities: Propensities, clip: float
) -> tuple[int, float, int]:
    """Clicks, how many unweighted ones would be as sure (Kish 1965), and how many were clipped."""
    at = np.array([c.position for each in impressions for c in each.clicks], dtype=np.int64)
    weights = 1.0 / propensities.at(at, clip)
    clipped = int((propensities.at(at) < clip).sum())
    if not len(at):
        return 0, 0.0, 0
    return len(at), float(weights.sum() ** 2 / (weights**2).sum()), clipped


def _top(each: Impression) -> tuple[tuple[int, str], ...]:
    return tuple(zip(each.positions[:PLACES], each.item_ids[:PLACES], strict=True))


def _worth(
    shown: Sequence[Impression], propensities: Propensities, clip: float
) -> Mapping[str, float]:
    gained: dict[str, float] = {}
    times: dict[str, int] = {}
    for each in shown:
        for item_id in each.item_ids:
            times[item_id] = times.get(item_id, 0) + 1
        for click in each.clicks:
            worth = 1.0 / float(propensities.at(click.position, clip))
            gained[click.item_id] = gained.get(click.item_id, 0.0) + worth
    return {item_id: total / times[item_id] for item_id, total in gained.items()}


def _places(each: Impression, worth: Mapping[str, float]) -> list[int]:
    """Where the list shows each item of worth; 0: nowhere."""
    at = dict(zip(each.item_ids, each.positions, strict=True))
    return [at.get(item_id, 0) for item_id in worth]


def _judged(lists: Sequence[tuple[list[int], Mapping[str, float]]]) -> Weighted:
    return _ndcg(
        [np.array(places, dtype=np.int64) for places, _ in lists],
        [np.array(list(worth.values())) for _, worth in lists],
    )


def _ndcg(places: Sequence[NDArray[np.int64]], gains: Sequence[Values]) -> Weighted:
    """Of gains at places from 1 on (0: not in the list), one array a query."""
    discount = 1.0 / np.log2(np.arange(2, PLACES + 2))
    dcg = np.zeros(len(places))
    for row, (at, gain) in enumerate(zip(places, gains, strict=True)):
        seen = (at >= 1) & (at <= PLACES)
        dcg[row] = gain[seen] @ discount[at[seen] - 1]
    ideal = -np.sort(-padded([gain.tolist() for gain in gains]), axis=1)[:, :PLACES]
    best = ideal @ discount[: ideal.shape[1]]
    values = np.full(len(places), np.nan)
    np.divide(dcg, best, out=values, where=best > 0)
    return Weighted(values, best)
