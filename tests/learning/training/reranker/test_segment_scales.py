"""A learned re-ranker acts on the kinds of queries where validation shows a gain, on no other."""

from dataclasses import replace

import numpy as np

from learning.training.reranker.ranking_lists import Floats, RankingList
from learning.training.reranker.segment_scales import FEWEST, segment_scales, served_scores
from learning.training.reranker.trainer import ndcgs
from query_service.ranking.learned.learned_scale import LearnedScale, Segment
from tests.learning.training.reranker.test_trainer import lists

BROAD, PRECISE = (Segment("search", kind, False) for kind in ("broad", "precise"))


def lists_of(segment: Segment, count: int) -> list[RankingList]:
    return [replace(each, segment=segment) for each in lists(count, seed=3)]


def better(each: RankingList) -> Floats:
    """The relevant item first."""
    return each.fixed + each.gains


def worse(each: RankingList) -> Floats:
    """The relevant item last."""
    return each.fixed - each.gains


def test_each_kind_of_query_gets_the_scale_that_validation_allows() -> None:
    validation = [*lists_of(BROAD, 40), *lists_of(PRECISE, 40)]
    learned = [better(e) if e.segment == BROAD else worse(e) for e in validation]
    broad, precise = segment_scales(validation, learned, seed=0)
    assert (broad.segment, broad.scale > 0) == (BROAD, True)
    assert (precise.segment, precise.scale) == (PRECISE, 0)
    assert precise.ungated.high < 0
    assert precise.served.mean == 0
    scales = [LearnedScale(each.segment, each.scale) for each in (broad, precise)]
    served = served_scores(validation, learned, scales)
    after, before = ndcgs(validation, served), ndcgs(validation, [e.fixed for e in validation])
    assert after[:40].mean() > before[:40].mean()
    np.testing.assert_array_equal(after[40:], before[40:])
    assert "scale 0: the fixed order stays" in precise.line
    assert broad.line.startswith("search, broad, without a history (40): fixed ")
    assert broad.as_data["served"]["low"] > 0


def test_a_gain_that_may_be_chance_is_not_served() -> None:
    few = lists_of(BROAD, FEWEST - 1)
    (scale,) = segment_scales(few, [better(each) for each in few], seed=0)
    assert scale.scale == 0
    noise = lists_of(BROAD, 40)
    rng = np.random.default_rng(0)
    learned = [each.fixed + 0.01 * rng.normal(size=len(each)).astype(np.float32) for each in noise]
    (scale,) = segment_scales(noise, learned, seed=0)
    assert scale.scale == 0


def test_a_gain_from_items_that_lack_words_is_left_to_the_guard() -> None:
    """The relevant item lacks a word: what is learned may not lift it above those that have all."""
    validation = [
        replace(each, complete=each.gains == 0, fixed=each.fixed - each.gains)
        for each in lists_of(PRECISE, 40)
    ]
    learned = [each.fixed + 3 * each.gains for each in validation]
    (scale,) = segment_scales(validation, learned, seed=0)
    assert scale.ungated.low > 0.3
    assert scale.scale == 0
