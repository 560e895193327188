"""`benchmarks.relevance.cross_encoder`: its training lists, and the choice of the mixture."""

import numpy as np

from benchmarks.relevance.cross_encoder import (
    LIST,
    FirstHits,
    cross_validated,
    mixed_ndcg,
    training_list,
)

HITS = tuple(f"h{rank}" for rank in range(12))


def test_a_list_holds_judged_items_and_hits_that_nobody_judged() -> None:
    hits = FirstHits("lamp", HITS, np.arange(12.0)[::-1], {"h0": 3.0, "h1": 1.0, "far": 2.0})
    item_ids = training_list(hits, np.random.default_rng(0))
    assert len(item_ids) == LIST
    assert {"h0", "h1", "far"} <= set(item_ids)
    assert set(item_ids) - {"far"} <= set(HITS)


def test_a_share_mixes_both_scores_and_the_ideal_list_has_all_judgments() -> None:
    hits = FirstHits("lamp", ("a", "b"), np.array([2.0, 1.0]), {"b": 3.0, "never found": 3.0})
    scores = [np.array([0.0, 5.0])]
    best = 1 + 1 / np.log2(3)
    np.testing.assert_allclose(mixed_ndcg([hits], scores, 0.0), [1 / np.log2(3) / best])
    np.testing.assert_allclose(mixed_ndcg([hits], scores, 1.0), [1 / best])


def test_the_share_of_one_half_is_chosen_on_the_other() -> None:
    """A share that is good by chance on one half must not be chosen for this half."""
    by_chance = np.array([1.0, 0.0, 1.0, 0.0])  # good on the first half alone
    values = cross_validated({0.0: np.full(4, 0.4), 0.5: by_chance})
    np.testing.assert_array_equal(values, [0.4, 0.0, 0.4, 0.0])
