"""Our metrics against ir_measures (trec_eval): random lists, ties, unjudged and missing items."""

from collections.abc import Mapping

import ir_measures
import numpy as np
import pytest
from ir_measures import RR, R, nDCG

from learning.evaluation.measures.metrics import ndcg, padded, recall, reciprocal_rank

QUERIES, ITEMS, SHOWN = 60, 40, 25
Grades = Mapping[str, Mapping[str, int]]


class Judged:
    """Random judgments and lists: some items unjudged, some relevant ones not in the list."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.grades: dict[str, dict[str, int]] = {}
        self.lists: dict[str, list[str]] = {}
        for query in range(QUERIES):
            items = [f"i{n}" for n in rng.permutation(ITEMS)]
            judged = items[: int(rng.integers(3, 20))]
            grades = {item: int(rng.integers(0, 4)) for item in judged}
            grades[items[0]] = 1 + int(rng.integers(0, 3))  # something is relevant
            shown = [f"i{n}" for n in rng.permutation(ITEMS)[: int(rng.integers(0, SHOWN))]]
            if shown:  # trec_eval leaves a query without a list out
                self.grades[f"q{query}"], self.lists[f"q{query}"] = grades, shown

    @property
    def gains(self) -> np.ndarray:
        return padded([
            [float(self.grades[query].get(item, 0)) for item in shown]
            for query, shown in self.lists.items()
        ])  # fmt: skip

    @property
    def ideal(self) -> np.ndarray:
        return padded([[float(g) for g in grades.values()] for grades in self.grades.values()])

    def oracle(self, measure: object) -> np.ndarray:
        """The values of ir_measures, in the order of the queries."""
        run = {
            query: {item: float(len(shown) - rank) for rank, item in enumerate(shown)}
            for query, shown in self.lists.items()
        }
        found = {
            value.query_id: value.value
            for value in ir_measures.iter_calc([measure], dict(self.grades), run)
        }
        return np.array([found[query] for query in self.lists])


@pytest.mark.parametrize("seed", range(5))
def test_metrics_agree_with_trec_eval(seed: int) -> None:
    judged = Judged(seed)
    gains, ideal = judged.gains, judged.ideal
    for k in (1, 5, 10, 100):
        assert ndcg(gains, ideal, k) == pytest.approx(judged.oracle(nDCG @ k))
        assert recall(gains, ideal, k) == pytest.approx(judged.oracle(R @ k))
        assert reciprocal_rank(gains, ideal, k) == pytest.approx(judged.oracle(RR @ k))
    assert reciprocal_rank(gains, ideal) == pytest.approx(judged.oracle(RR))


def test_equal_grades_can_be_in_any_order() -> None:
    grades = {"q": {"a": 2, "b": 2, "c": 1}}
    for order in (["a", "b", "c"], ["b", "a", "c"]):
        run = {"q": {item: float(3 - rank) for rank, item in enumerate(order)}}
        [value] = ir_measures.iter_calc([nDCG @ 10], grades, run)
        own = ndcg([[float(grades["q"][item]) for item in order]], [[2.0, 2.0, 1.0]], 10)
        assert own[0] == pytest.approx(value.value) == 1.0


def test_a_query_without_a_relevant_item_has_no_value_and_there_it_is_0() -> None:
    run, grades = {"q": {"a": 1.0}}, {"q": {"a": 0}}
    [value] = ir_measures.iter_calc([nDCG @ 10], grades, run)
    assert value.value == 0
    assert np.isnan(ndcg([[0.0]], [[0.0]], 10)[0])  # left out of our means, and counted
