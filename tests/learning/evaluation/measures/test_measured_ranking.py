"""What is measured, query by query or user by user."""

import numpy as np
import pytest

from learning.evaluation.measures.measured_ranking import MeasuredRanking


def test_over_users_the_mean_stays_and_the_interval_widens() -> None:
    rng = np.random.default_rng(0)
    users = [f"u{place % 12}" for place in range(240)]
    tastes = rng.random(12)
    values = np.array([tastes[int(user[1:])] for user in users]) + rng.normal(0, 0.05, 240)
    by_query = MeasuredRanking("ours", {"NDCG@10": values}, 1.0, keys=[str(n) for n in range(240)])
    by_user = by_query.over(users)
    assert sorted(by_user.keys) == sorted(set(users))
    one, other = by_query.intervals()["NDCG@10"], by_user.intervals()["NDCG@10"]
    assert other.mean == pytest.approx(one.mean)
    assert other.count == 12
    assert other.high - other.low > 2 * (one.high - one.low)


def test_users_of_unequal_shares_count_by_their_queries() -> None:
    row = MeasuredRanking("ours", {"MRR": np.array([1.0, 0.0, 0.0])}, 1.0).over(["a", "b", "b"])
    assert row.intervals()["MRR"].mean == pytest.approx(1 / 3)


def test_one_query_a_user_stays_as_it_is() -> None:
    row = MeasuredRanking("ours", {"MRR": np.array([1.0, 0.0])}, 1.0, keys=["a q", "b q"])
    assert row.over(["a", "b"]) is row
