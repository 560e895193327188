"""Chooses, on validation lists, how far a learned re-ranker acts on each segment of requests.

A scale is chosen where it makes NDCG@10 significantly better than the fixed order (its 95 %
interval excludes 0); of several such scales, the best. Otherwise the segment keeps the fixed order.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from learning.evaluation.measures.intervals import Interval, bootstrap, paired_difference
from learning.evaluation.report.report import format_difference, format_interval
from learning.training.reranker.ranking_lists import Floats, RankingList, ndcg_of
from query_service.ranking.learned.learned_scale import LearnedScale, Segment, blended

SCALES = (0.25, 0.5, 1.0)
FEWEST = 10  # validation lists: a significant gain on fewer is chance too often


@dataclass(frozen=True)
class SegmentScale:
    """What validation says of one segment; NDCG@10 each.

    `ungated`: what is learned as it is, without scale and guard, to the fixed order; `served`: with
    the chosen scale.
    """

    segment: Segment
    scale: float
    fixed: Interval
    ungated: Interval
    served: Interval

    @property
    def line(self) -> str:
        """A line of the table."""
        count = self.fixed.count
        if not count:
            return f"{self.segment.label}: no list"
        ungated, served = format_difference(self.ungated), format_difference(self.served)
        gain = f"scale {self.scale:g}: {served}" if self.scale else "scale 0: the fixed order stays"
        fixed = format_interval(self.fixed)
        return f"{self.segment.label} ({count}): fixed {fixed}; learned {ungated}; {gain}"

    @property
    def as_data(self) -> dict[str, Any]:
        """For the bundle's manifest: means and intervals."""
        data: dict[str, Any] = {"segment": self.segment.label, "scale": self.scale}
        for name in ("fixed", "ungated", "served"):
            data[name] = asdict(getattr(self, name))
        return data


def segment_scales(
    lists: Sequence[RankingList], learned: Sequence[Floats], seed: int
) -> list[SegmentScale]:
    """The scale of each segment that `lists` hold.

    `learned`: the learned scores of each list's n items, float32 [n].
    """
    segments = sorted({each.segment for each in lists if each.ideal > 0})
    return [
        _scale_of(
            segment,
            [pair for pair in zip(lists, learned, strict=True) if pair[0].segment == segment],
            seed,
        )
        for segment in segments
    ]


def served_scores(
    lists: Sequence[RankingList], learned: Sequence[Floats], scales: Sequence[LearnedScale]
) -> list[Floats]:
    """The scores that the service would give, float32 [n] each."""
    by_segment = {each.segment: each.scale for each in scales}
    return [
        blended(each.fixed, scores, by_segment.get(each.segment, 0.0), each.complete)
        for each, scores in zip(lists, learned, strict=True)
    ]


def _scale_of(
    segment: Segment, pairs: Sequence[tuple[RankingList, Floats]], seed: int
) -> SegmentScale:
    owners = [each.owner for each, _ in pairs]
    fixed = np.array([ndcg_of(each, each.fixed) for each, _ in pairs])

    def gain(values: Sequence[float]) -> Interval:
        return paired_difference(np.array(values), fixed, groups=owners, seed=seed)

    gains = {
        scale: gain([
            ndcg_of(each, blended(each.fixed, scores, scale, each.complete))
            for each, scores in pairs
        ])
        for scale in SCALES
    }  # fmt: skip
    better = [s for s, each in gains.items() if each.low > 0 and each.count >= FEWEST]
    scale = max(better, key=lambda each: gains[each].mean, default=0.0)
    none = gain(fixed.tolist())
    return SegmentScale(
        segment,
        scale,
        bootstrap(fixed, groups=owners, seed=seed),
        gain([ndcg_of(each, scores) for each, scores in pairs]),
        gains.get(scale, none),
    )
