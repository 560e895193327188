"""Metrics of ranked lists, against loops over one list at a time."""

import math

import numpy as np
import pytest

from learning.evaluation.measures.metrics import (
    binary_table,
    ndcg,
    padded,
    recall,
    reciprocal_rank,
)

MEASURES = (ndcg, recall, reciprocal_rank)


def slow(name: str, gains: list[float], ideal: list[float], k: int) -> float:
    """The oracle: one list, as in a textbook."""
    if not any(g > 0 for g in ideal):
        return math.nan
    if name == "ndcg":

        def dcg(row: list[float]) -> float:
            return sum(g / math.log2(rank + 1) for rank, g in enumerate(row[:k], start=1))

        return dcg(gains) / dcg(sorted(ideal, reverse=True))
    hits = sum(1 for g in gains[:k] if g > 0)
    if name == "recall":
        return hits / sum(1 for g in ideal if g > 0)
    return next((1 / rank for rank, g in enumerate(gains[:k], start=1) if g > 0), 0.0)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("k", [1, 3, 10, 50])
def test_a_batch_gives_the_same_as_each_of_its_rows_alone(measure, k: int) -> None:
    rng = np.random.default_rng(5)
    ideal = rng.choice([0.0, 0.0, 1.0, 3.0, 7.0], size=(200, 12))
    ideal[::7] = 0  # queries without a relevant item
    shown = np.concatenate([ideal, np.zeros((200, 8))], axis=1)
    gains = np.stack([rng.permutation(row)[:15] for row in shown])
    name = "mrr" if measure is reciprocal_rank else measure.__name__
    expected = [slow(name, list(g), list(i), k) for g, i in zip(gains, ideal, strict=True)]
    np.testing.assert_allclose(measure(gains, ideal, k), expected, rtol=1e-12)


def test_by_hand() -> None:
    # 2^grade - 1 of grades 3, unjudged, 1; the judged items have grades 3, 1, 2.
    gains, ideal = [[7.0, 0.0, 1.0]], [[7.0, 1.0, 3.0]]
    dcg = 7 + 1 / math.log2(4)
    best = 7 + 3 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(gains, ideal, 10)[0] == pytest.approx(dcg / best)
    assert recall(gains, ideal, 2)[0] == pytest.approx(1 / 3)
    assert reciprocal_rank([[0, 0, 1]], [[1]])[0] == pytest.approx(1 / 3)


def test_a_query_without_relevant_items_has_no_value() -> None:
    gains, ideal = [[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]], [[1.0], [0.0], [1.0]]
    for measure in MEASURES:
        values = measure(gains, ideal, 2)
        assert np.isnan(values[1])
        assert values[2] == 0.0
        assert values[0] > 0
    assert reciprocal_rank(gains, ideal)[[0, 2]].tolist() == [1, 0]


def test_the_ideal_order_has_the_relevant_items_that_the_list_lacks() -> None:
    assert ndcg([[1.0]], [[1.0, 1.0]], 10)[0] < 1
    assert ndcg([[1.0, 1.0]], [[1.0, 1.0]], 10)[0] == pytest.approx(1)
    # More relevant items than k: a list that fills the first k is perfect.
    assert ndcg([[1.0]], [[1.0, 1.0]], 1)[0] == pytest.approx(1)


def test_empty_lists_and_an_empty_batch() -> None:
    empty = np.zeros((2, 0))
    for measure in MEASURES:
        assert measure(empty, [[1.0], [0.0]], 5)[0] == 0
        assert len(measure(np.zeros((0, 3)), np.zeros((0, 3)), 5)) == 0


def test_lists_of_different_lengths_are_padded_with_0() -> None:
    assert padded([[1.0], [], [2.0, 3.0, 4.0]], 2).tolist() == [[1, 0], [0, 0], [2, 3]]
    assert padded([]).shape == (0, 0)


def test_gains_are_binary_from_a_grade_on() -> None:
    assert binary_table([[2.66, 2.67, 3.0, 0.0]], 2.67).tolist() == [[0, 1, 1, 0]]


@pytest.mark.parametrize(
    ("gains", "ideal", "k", "message"),
    [
        ([1.0], [[1.0]], 5, "shape"),
        ([[1.0]], [[1.0], [1.0]], 5, "1 queries"),
        ([[-1.0]], [[1.0]], 5, "negative"),
        ([[math.nan]], [[1.0]], 5, "not finite"),
        ([[1.0]], [[1.0]], 0, "k=0"),
    ],
)
def test_invalid_gains_and_k_are_errors(gains, ideal, k: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ndcg(gains, ideal, k)
