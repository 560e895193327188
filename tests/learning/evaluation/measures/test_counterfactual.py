"""Position-corrected clicks recover the true NDCG of rankings, on simulated logs."""

import numpy as np
import pytest

from learning.data.propensities import Propensities, estimate
from learning.data.ubi_log import Click, Impression, observations
from learning.evaluation.measures.counterfactual import (
    compare_rankings,
    effective_count,
    ndcg_as_logged,
)
from learning.evaluation.measures.intervals import bootstrap

DEPTH = 10
TRUE = 1.0 / np.arange(1, DEPTH + 1)
ONES = np.ones(DEPTH, dtype=np.int64)
KNOWN = Propensities(TRUE, ONES, ONES, "click model", 0)


def impression(
    number: int, items: list[str], clicked: list[str], text: str = "q", positions: object = None
) -> Impression:
    positions = tuple(positions or range(1, len(items) + 1))
    at = dict(zip(items, positions, strict=True))
    clicks = tuple(Click(item, at[item], 1.0) for item in clicked)
    return Impression(
        f"id{number}", text, "s", tuple(items), positions, clicks, (), float(number)
    )  # fmt: skip


def visits(count: int, skill: float, seed: int, start: int = 0) -> tuple[list[Impression], float]:
    """Lists of ten with one relevant item, ranked higher with more skill; the true NDCG@10."""
    rng = np.random.default_rng(seed)
    made, worth = [], []
    for number in range(count):
        text = f"text {rng.integers(50)}"
        relevant = f"{text}, item 0"
        score = rng.normal(0, 1, DEPTH)
        score[0] += skill
        order = np.argsort(-score)
        rank = int(np.flatnonzero(order == 0)[0])
        clicked = [relevant] if rng.random() < TRUE[rank] else []
        items = [f"{text}, item {item}" for item in order]
        made.append(impression(start + number, items, clicked, text))
        worth.append(1 / np.log2(2 + rank))
    return made, float(np.mean(worth))


def test_correction_recovers_the_true_ndcg_that_clicks_alone_overestimate() -> None:
    log, true = visits(8000, skill=0.7, seed=1)
    naive = bootstrap(ndcg_as_logged(log).values)
    assert naive.mean > true + 0.1
    corrected = ndcg_as_logged(log, KNOWN)
    interval = bootstrap(corrected.values, weights=corrected.weights)
    assert interval.low < true < interval.high
    assert interval.high - interval.low < 0.06
    # Also with the propensities learned from the same log.
    learned = estimate(*observations(log))
    assert learned.estimator == "intervention harvesting"
    again = ndcg_as_logged(log, learned)
    assert bootstrap(again.values, weights=again.weights).mean == pytest.approx(true, abs=0.04)


def test_clipping_biases_towards_the_ranking_that_was_shown() -> None:
    log, true = visits(4000, skill=0.0, seed=2)
    means = []
    for clip in (0.0, 0.3, 1.0):
        weighted = ndcg_as_logged(log, KNOWN, clip)
        means.append(bootstrap(weighted.values, weights=weighted.weights).mean)
    assert true == pytest.approx(means[0], abs=0.03)
    assert means[0] < means[1] < means[2]
    assert means[2] == pytest.approx(bootstrap(ndcg_as_logged(log).values).mean)


def test_a_later_better_ranking_has_a_significantly_higher_ndcg() -> None:
    before, _ = visits(3000, skill=0.0, seed=3)
    after, _ = visits(3000, skill=2.0, seed=4, start=3000)
    # One ranking a text in each half: the first of its kind stands for all.
    compared = compare_rankings(before + after, KNOWN, 0.05)
    assert len(compared.texts) == 50
    difference = bootstrap(
        compared.last.values - compared.first.values, weights=compared.first.weights
    )
    assert difference.low > 0
    same = compare_rankings([before[0]] * 4, KNOWN, 0.05)
    assert same.texts == ()


def test_ndcg_as_logged_by_hand() -> None:
    log = [
        impression(1, ["a", "b", "c"], ["b"]),
        impression(2, ["a", "b"], []),
        impression(3, ["a", "b", "c"], ["a", "c"], positions=(1, 2, 12)),
    ]
    logged = ndcg_as_logged(log)
    assert logged.values[0] == pytest.approx(1 / np.log2(3))
    assert np.isnan(logged.values[1])
    assert logged.values[2] == pytest.approx(1 / (1 + 1 / np.log2(3)))  # position 12 does not count
    assert logged.weights.tolist() == pytest.approx([1, 0, 1 + 1 / np.log2(3)])
    corrected = ndcg_as_logged(log, KNOWN, 0.2)  # 12 has the propensity of 10, clipped
    assert corrected.weights.tolist() == pytest.approx([2, 0, 5 + 1 / np.log2(3)])
    count, effective, clipped = effective_count(log, KNOWN, 0.2)
    assert (count, clipped) == (3, 1)
    assert effective == pytest.approx((2 + 1 + 5) ** 2 / (4 + 1 + 25))


def test_two_rankings_of_a_text_by_hand() -> None:
    log = [
        impression(1, ["a", "b"], [], "Red  SHOES"),
        impression(2, ["b", "a"], ["a"], "red shoes"),
        impression(3, ["b", "a"], [], "red shoes"),
    ]
    compared = compare_rankings(log, KNOWN, 0.05)
    assert compared.texts == ("red shoes",)
    assert compared.first.values.tolist() == [1]
    assert compared.last.values[0] == pytest.approx(1 / np.log2(3))
    assert compared.first.weights[0] == pytest.approx(2 / 3)  # one click at p = 1/2 in three times
