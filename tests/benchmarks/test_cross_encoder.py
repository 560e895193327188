"""`python -m benchmarks.cross_encoder`: what is learned from, and how a mixture is judged."""

import numpy as np

from benchmarks.cross_encoder import LIST, Asked, crosswise, mixed_ndcg, to_learn_from

HITS = tuple(f"h{place}" for place in range(12))


def test_a_list_holds_judged_items_and_hits_that_nobody_judged() -> None:
    asked = Asked("lamp", HITS, np.arange(12.0)[::-1], {"h0": 3.0, "h1": 1.0, "far": 2.0})
    made = to_learn_from(asked, np.random.default_rng(0))
    assert len(made) == LIST
    assert {"h0", "h1", "far"} <= set(made)
    assert set(made) - {"far"} <= set(HITS)


def test_a_share_mixes_both_scores_and_keeps_the_ideal_of_all_judgments() -> None:
    asked = Asked("lamp", ("a", "b"), np.array([2.0, 1.0]), {"b": 3.0, "never found": 3.0})
    scores = [np.array([0.0, 5.0])]
    best = 1 + 1 / np.log2(3)
    np.testing.assert_allclose(mixed_ndcg([asked], scores, 0.0), [1 / np.log2(3) / best])
    np.testing.assert_allclose(mixed_ndcg([asked], scores, 1.0), [1 / best])


def test_the_share_of_one_half_is_chosen_on_the_other() -> None:
    """A share that is good by luck on its own half must not count there."""
    own_luck = np.array([1.0, 0.0, 1.0, 0.0])  # good on the first half alone
    found = crosswise({0.0: np.full(4, 0.4), 0.5: own_luck})
    np.testing.assert_array_equal(found, [0.4, 0.0, 0.4, 0.0])
