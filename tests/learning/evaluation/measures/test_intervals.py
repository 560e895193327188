"""Bootstrap intervals: their width and coverage, pairs, weights, groups."""

import numpy as np
import pytest

from learning.evaluation.measures.intervals import bootstrap, paired_difference, spread


def test_the_interval_is_about_as_wide_as_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(1).normal(0.4, 0.3, size=2000)
    interval = bootstrap(values)
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert interval.mean == pytest.approx(values.mean())
    assert interval.high - interval.mean == pytest.approx(half, rel=0.1)
    assert interval.mean - interval.low == pytest.approx(half, rel=0.1)


def test_the_interval_covers_the_true_mean_in_about_19_of_20_samples() -> None:
    rng = np.random.default_rng(2)
    inside = 0
    for trial in range(300):
        interval = bootstrap(rng.random(200), seed=trial, resamples=400)
        inside += interval.low <= 0.5 <= interval.high
    assert 0.91 <= inside / 300 <= 0.98


def test_queries_without_a_value_are_left_out_and_counted() -> None:
    interval = bootstrap([0.5, np.nan, 1.0, np.nan])
    assert (interval.mean, interval.count, interval.left_out) == (0.75, 2, 2)
    empty = bootstrap([np.nan])
    assert np.isnan(empty.mean)
    assert empty.count == 0


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.random.default_rng(3).random(100)
    assert bootstrap(values, seed=4) == bootstrap(values, seed=4)
    assert bootstrap(values, seed=4) != bootstrap(values, seed=5)


def test_a_paired_difference_is_narrower_than_two_intervals() -> None:
    rng = np.random.default_rng(6)
    baseline = rng.random(500)
    better = baseline + 0.02 + rng.normal(0, 0.05, size=500)
    interval = paired_difference(better, baseline)
    assert interval.low > 0
    assert interval.mean == pytest.approx((better - baseline).mean())
    alone = bootstrap(better)
    assert interval.high - interval.low < (alone.high - alone.low) / 3
    assert alone.low < baseline.mean()  # which the two intervals could not tell apart


def test_a_query_that_lacks_either_value_is_left_out_of_the_difference() -> None:
    interval = paired_difference([1.0, np.nan, 0.5], [0.5, 0.5, np.nan])
    assert (interval.mean, interval.count, interval.left_out) == (0.5, 1, 2)
    with pytest.raises(ValueError, match="shape"):
        paired_difference([1.0], [1.0, 2.0])


def test_a_weighted_mean_is_a_ratio_with_both_sides_resampled() -> None:
    rng = np.random.default_rng(7)
    weights = rng.exponential(size=3000) * (rng.random(3000) < 0.5)
    values = rng.normal(0.4, 0.2, size=3000)
    values[weights == 0] = np.nan
    interval = bootstrap(values, weights=weights)
    assert interval.mean == pytest.approx(np.nansum(values * weights) / weights.sum())
    assert (interval.count, interval.left_out) == ((weights > 0).sum(), (weights == 0).sum())
    errors = weights * np.nan_to_num(values - interval.mean)  # the delta method
    half = 1.96 * np.sqrt((errors**2).sum()) / weights.sum()
    assert interval.high - interval.mean == pytest.approx(half, rel=0.1)
    same = paired_difference(values, values, weights=weights, baseline_weights=weights)
    assert (same.mean, same.low, same.high) == (0, 0, 0)
    with pytest.raises(ValueError, match="weight"):
        bootstrap([1.0, 2.0], weights=[1.0, -1.0])


def test_a_count_of_distinct_items_is_not_biased_downwards() -> None:
    shown = np.random.default_rng(8).integers(0, 100, size=150)

    def distinct(times: np.ndarray) -> float:
        return float(len(np.unique(shown[times > 0])))

    interval = spread(distinct, len(shown))
    assert interval.mean == distinct(np.ones(len(shown)))
    assert interval.low < interval.mean < interval.high
    assert spread(distinct, len(shown)) == interval


def test_groups_are_resampled_with_all_their_queries() -> None:
    rng = np.random.default_rng(9)
    groups = [f"g{n % 40}" for n in range(800)]
    values = rng.normal(0, 1, 40)[np.arange(800) % 40] + rng.normal(0, 0.1, 800)
    values[::7] = np.nan
    alone, grouped = bootstrap(values), bootstrap(values, groups=groups)
    assert grouped.mean == alone.mean
    assert (grouped.count, grouped.left_out) == (alone.count, alone.left_out)
    assert grouped.high - grouped.low > 3 * (alone.high - alone.low)
    each_its_own = bootstrap(values, groups=[str(n) for n in range(800)])
    assert each_its_own.low == pytest.approx(alone.low, abs=0.02)
    weights = np.abs(rng.normal(1, 0.1, 800))
    same = paired_difference(
        values, values + 0.5, weights=weights, baseline_weights=weights, groups=groups
    )
    assert (same.low, same.high) == (pytest.approx(-0.5), pytest.approx(-0.5))
    shares = spread(lambda times: float(times[:20].sum() / times.sum()), 800, groups=groups)
    assert shares.low < shares.mean < shares.high
    with pytest.raises(ValueError, match="groups"):
        bootstrap(values, groups=["a"])
