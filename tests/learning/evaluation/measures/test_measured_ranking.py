"""Means and intervals of a ranking, over queries or over users."""

import numpy as np
import pytest

from learning.evaluation.measures.measured_ranking import MeasuredRanking


def test_over_users_the_mean_stays_and_the_interval_widens() -> None:
    rng = np.random.default_rng(0)
    users = [f"u{number % 12}" for number in range(240)]
    tastes = rng.random(12)
    values = np.array([tastes[int(user[1:])] for user in users]) + rng.normal(0, 0.05, 240)
    by_query = MeasuredRanking("ours", {"NDCG@10": values}, 1.0, keys=[str(n) for n in range(240)])
    by_user = by_query.by_group(users)
    assert sorted(by_user.keys) == sorted(set(users))
    one, other = by_query.intervals()["NDCG@10"], by_user.intervals()["NDCG@10"]
    assert other.mean == pytest.approx(one.mean)
    assert other.count == 12
    assert other.high - other.low > 2 * (one.high - one.low)


def test_users_are_weighted_by_their_numbers_of_queries() -> None:
    row = MeasuredRanking("ours", {"MRR": np.array([1.0, 0.0, 0.0])}, 1.0)
    assert row.by_group(["a", "b", "b"]).intervals()["MRR"].mean == pytest.approx(1 / 3)


def test_one_query_a_user_needs_no_groups() -> None:
    row = MeasuredRanking("ours", {"MRR": np.array([1.0, 0.0])}, 1.0, keys=["a q", "b q"])
    assert row.by_group(["a", "b"]) is row
