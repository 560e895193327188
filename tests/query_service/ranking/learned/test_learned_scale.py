"""How far what is learned may move the fixed order: scales, and the guard of complete titles."""

import numpy as np
import pytest

from query_service.ranking.learned.learned_scale import blended, guarded, on_scale_of

ALL = np.ones(4, np.bool_)


def test_a_scale_of_0_is_the_fixed_order_and_1_the_learned_one() -> None:
    fixed, learned = np.array([4, 3, 2, 1], np.float32), np.array([1, 2, 3, 8], np.float32)
    np.testing.assert_array_equal(blended(fixed, learned, 0.0, ALL), fixed)
    np.testing.assert_array_equal(blended(fixed, learned, 1.0, ALL), learned)
    np.testing.assert_allclose(blended(fixed, learned, 0.5, ALL), [2.5, 2.5, 2.5, 4.5])


def test_an_item_that_lacks_a_word_is_not_lifted_above_one_that_has_all() -> None:
    fixed = np.array([4, 3, 2, 1], np.float32)
    complete = np.array([True, True, False, False])
    scores = guarded(np.array([1, 2, 9, 7], np.float32), fixed, complete)
    assert np.argsort(-scores).tolist() == [1, 0, 2, 3]  # each pair in its learned order
    assert scores[:2].tolist() == [1, 2]


def test_an_item_that_the_fixed_order_puts_first_may_stay_there() -> None:
    fixed = np.array([4, 3, 2], np.float32)
    complete = np.array([False, True, True])
    scores = np.array([9, 1, 2], np.float32)
    np.testing.assert_array_equal(guarded(scores, fixed, complete), scores)


@pytest.mark.parametrize("seed", range(20))
def test_the_guard_equals_its_definition_and_changes_nothing_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 40
    fixed, learned = rng.normal(size=(2, n)).astype(np.float32)
    complete = rng.random(n) < 0.3
    scores = guarded(learned, fixed, complete)
    for having in np.flatnonzero(complete):
        assert scores[having] == learned[having]
        for lacking in np.flatnonzero(~complete & (fixed <= fixed[having])):
            assert scores[having] > scores[lacking]
    for lacking in np.flatnonzero(~complete):
        above = learned[complete & (fixed >= fixed[lacking])]
        if not len(above) or learned[lacking] < above.min() - 0.01:
            assert scores[lacking] == learned[lacking]


def test_scores_of_trees_get_the_scale_of_the_fixed_ones() -> None:
    fixed, trees = np.array([1, 2, 6], np.float32), np.array([100, -50, 70], np.float32)
    scaled = on_scale_of(fixed, trees)
    assert np.argsort(scaled).tolist() == np.argsort(trees).tolist()
    assert scaled.mean() == pytest.approx(fixed.mean(), abs=1e-5)
    assert scaled.std() == pytest.approx(fixed.std(), abs=1e-5)
    constant = on_scale_of(fixed, np.zeros(3, np.float32))
    np.testing.assert_allclose(constant, fixed.mean())
