"""Known effects are found, and none is found where there is none, however often one looks."""

import math

import numpy as np
import pytest

from learning.evaluation.experiments.confidence_sequence import (
    ALPHA,
    FEWEST_UNITS,
    Ratio,
    difference,
    mean,
    radius,
)
from learning.evaluation.experiments.sample_ratio import SampleRatio

RUNS, UNITS = 200, 4_000
LOOKS = range(2 * FEWEST_UNITS, UNITS + 1, 50)


class Visitors:
    """Simulated visitors: some search once and some ten times, some click on all and some never."""

    def __init__(self, seed: int, lift: float = 0.0) -> None:
        rng = np.random.default_rng(seed)
        self.queries = rng.geometric(0.4, UNITS).astype(float)
        self.is_b = rng.random(UNITS) < 0.5
        likes = rng.beta(1.2, 2.8, UNITS)  # a click rate of their own, 0.3 in the mean
        self.clicked = rng.binomial(self.queries.astype(int), np.minimum(
            likes * (1 + lift * self.is_b), 1
        )).astype(float)  # fmt: skip

    def found(self) -> bool:
        """Whether any look says that the variants differ."""
        for count in LOOKS:
            b, a = self.is_b[:count], ~self.is_b[:count]
            clicked, queries = self.clicked[:count], self.queries[:count]
            effect = difference(Ratio.of(clicked[a], queries[a]), Ratio.of(clicked[b], queries[b]))
            if effect.excludes_zero:
                return True
        return False


def test_where_there_is_no_effect_at_most_five_percent_of_runs_find_one_with_76_looks() -> None:
    false_alarms = sum(Visitors(seed).found() for seed in range(RUNS))
    assert false_alarms <= ALPHA * RUNS, f"{false_alarms} of {RUNS} runs"


def test_a_click_through_that_is_a_quarter_better_is_found_in_nine_of_ten_runs() -> None:
    found = sum(Visitors(1000 + seed, lift=0.25).found() for seed in range(50))
    assert found >= 45, f"{found} of 50 runs"


def test_looking_as_often_at_a_fixed_interval_would_be_wrong_far_more_often() -> None:
    """Why the intervals are wider than usual: 1.96 standard errors at every look."""
    wrong = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        values = rng.normal(size=UNITS)
        sums = np.cumsum(values)[199::50]
        counts = np.arange(200, UNITS + 1, 50)
        wrong += bool((np.abs(sums) > 1.96 * np.sqrt(counts)).any())
    assert wrong > 20


def test_no_preference_is_found_where_both_teams_are_clicked_alike() -> None:
    false_alarms = 0
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        queries = rng.geometric(0.5, UNITS)
        wins = 2.0 * rng.binomial(queries, 0.5) - queries
        looks = (mean(Ratio.of(wins[:n], queries[:n])) for n in LOOKS)
        false_alarms += any(look.excludes_zero for look in looks)
    assert false_alarms <= ALPHA * RUNS, f"{false_alarms} of {RUNS} runs"


def test_queries_of_one_visitor_count_as_one_observation() -> None:
    rng = np.random.default_rng(0)
    clicks = (rng.random(400) < 0.3).astype(float)
    once, ten_times = Ratio.of(clicks), Ratio.of(10 * clicks, np.full(400, 10.0))
    assert ten_times.value == once.value
    assert ten_times.variance == pytest.approx(once.variance)


def test_the_delta_method_agrees_with_a_bootstrap_over_visitors() -> None:
    visitors = Visitors(3)
    ratio = Ratio.of(visitors.clicked, visitors.queries)
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, UNITS, (500, UNITS))
    resampled = visitors.clicked[drawn].sum(axis=1) / visitors.queries[drawn].sum(axis=1)
    assert math.sqrt(ratio.variance) == pytest.approx(resampled.std(), rel=0.1)


def test_the_radius_is_the_formula_of_the_paper() -> None:
    units, s, alpha = 700, 2.0, 0.05
    tuned = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / 2_000
    expected = s * math.sqrt(
        2 * (units * tuned + 1) / (units**2 * tuned) * math.log(
            math.sqrt(units * tuned + 1) / alpha
        )
    )  # fmt: skip
    assert radius(s**2 / units, units, alpha) == pytest.approx(expected)


@pytest.mark.parametrize("units", [0, 1, FEWEST_UNITS - 1])
def test_too_few_units_say_nothing(units: int) -> None:
    few, many = Ratio.of(np.ones(units)), Ratio.of(np.arange(500.0))
    for interval in (difference(few, many), difference(many, few), mean(few)):
        assert math.isnan(interval.low)
        assert not interval.excludes_zero


def test_where_nobody_clicked_nothing_is_said() -> None:
    none = Ratio.of(np.zeros(300), np.ones(300))
    assert not difference(none, none).excludes_zero
    assert math.isnan(difference(none, none).high)


def test_a_broken_assignment_is_noticed_and_a_working_one_is_not() -> None:
    assert SampleRatio(5_000, 4_500, 0.5).mismatch
    assert SampleRatio(1_000, 200, 0.1).mismatch
    assert not SampleRatio(9_030, 970, 0.1).mismatch
    assert not SampleRatio(0, 0, 0.5).mismatch
    false_alarms = 0
    for seed in range(RUNS):
        b = np.cumsum(np.random.default_rng(seed).random(10_000) < 0.5)
        looks = (SampleRatio(n - int(b[n - 1]), int(b[n - 1]), 0.5) for n in range(50, 10_000, 200))
        false_alarms += any(look.mismatch for look in looks)
    assert false_alarms <= 1
