"""Maximal marginal relevance: likeness costs, by as much as is asked."""

import numpy as np
import pytest
from numpy.typing import NDArray

from query_service.ranking.diversity import DEPTH, diversified
from query_service.ranking.scores import Scores, leaders

Floats = NDArray[np.float32]


def scores_of(total: Floats) -> Scores:
    empty = np.zeros((len(total), 0), dtype=np.float32)
    return Scores(total, {}, empty, empty, np.zeros(len(total), dtype=np.float32))


def some(count: int, seed: int = 3) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    meaning = rng.normal(size=(count, 8)).astype(np.float32)
    return rng.random(count).astype(np.float32), meaning


def by_definition(total: Floats, meaning: Floats, diversity: float) -> list[int]:
    """The order of choice of Carbonell and Goldstein, written out."""
    unit = meaning / np.linalg.norm(meaning, axis=1, keepdims=True)
    cosines = unit @ unit.T
    ordinary = np.median(cosines)
    likeness = np.clip((cosines - ordinary) / (1 - ordinary), 0, 1)
    spread = total.max() - np.sort(total)[-min(DEPTH, len(total))]
    chosen: list[int] = []
    while len(chosen) < len(total):
        left = [row for row in range(len(total)) if row not in chosen]
        price = diversity / (1 - diversity) * spread
        values = [total[row] - price * max(likeness[row, chosen], default=0.0) for row in left]
        chosen.append(left[int(np.argmax(values))])
    return chosen


@pytest.mark.parametrize("diversity", [0.1, 0.3, 0.8])
def test_the_reduced_scores_have_the_order_of_the_definition(diversity: float) -> None:
    total, meaning = some(30)
    reduced = diversified(scores_of(total), meaning, diversity)
    assert np.argsort(-reduced.total).tolist() == by_definition(total, meaning, diversity)


def test_the_loss_is_the_difference_to_the_score_and_the_best_loses_nothing() -> None:
    total, meaning = some(200)
    reduced = diversified(scores_of(total), meaning, 0.4)
    assert reduced.diversity is not None
    np.testing.assert_allclose(total + reduced.diversity, reduced.total, atol=1e-6)
    assert reduced.diversity.max() <= 0
    assert reduced.diversity[total.argmax()] == 0


def test_copies_of_the_best_go_down() -> None:
    _, meaning = some(12)
    meaning[1] = meaning[2] = meaning[0]
    total = np.linspace(1, 0.5, 12, dtype=np.float32)
    reduced = diversified(scores_of(total), meaning, 0.5)
    order = np.argsort(-reduced.total).tolist()
    assert order[0] == 0
    assert not {1, 2} & set(order[:6])


@pytest.mark.parametrize(("count", "diversity"), [(20, 0.0), (2, 1.0), (0, 0.5)])
def test_nothing_changes_without_diversity_or_a_choice(count: int, diversity: float) -> None:
    total, meaning = some(count)
    assert diversified(scores_of(total), meaning, diversity).diversity is None


def test_scores_that_are_no_numbers_stay_last() -> None:
    total, meaning = some(60)
    total[7] = np.nan
    total[9] = -np.inf
    reduced = diversified(scores_of(total), meaning, 1.0).total
    assert sorted(np.flatnonzero(~np.isfinite(reduced)).tolist()) == [7, 9]


def test_equal_items_and_zero_vectors_make_no_trouble() -> None:
    total = np.ones(10, dtype=np.float32)
    for meaning in (np.ones((10, 4)), np.zeros((10, 4))):
        reduced = diversified(scores_of(total), meaning.astype(np.float32), 0.5)
        assert np.isfinite(reduced.total).all()


def test_of_each_group_one_item_is_compared_and_the_others_lose_as_much() -> None:
    total, meaning = some(40)
    keys = [f"group {row % 7}" for row in range(40)]
    order = np.argsort(-total)
    leading = leaders(order, keys)
    reduced = diversified(scores_of(total), meaning, 0.4, leading)
    alone = np.unique(leading)
    assert len(alone) == 7
    expected = diversified(scores_of(total[alone]), meaning[alone], 0.4)
    np.testing.assert_allclose(reduced.total[alone], expected.total, atol=1e-6)
    assert reduced.diversity is not None
    np.testing.assert_array_equal(reduced.diversity, reduced.diversity[leading])
    assert leaders(np.argsort(-reduced.total), keys).tolist() == leading.tolist()
