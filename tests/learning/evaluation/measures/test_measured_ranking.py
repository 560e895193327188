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


def test_parts_by_kind_of_query_hold_their_queries_alone() -> None:
    values = {"MRR": np.array([1.0, 0.0, 0.5, 0.25])}
    row = MeasuredRanking("ours", values, 1.0, keys=["a", "b", "c", "d"])
    kinds = ["broad", "precise", "broad", "precise"]
    by_query = row.by_kind(kinds)
    assert list(by_query.parts) == ["precise", "broad"]
    assert by_query.parts["broad"].values["MRR"].tolist() == [1.0, 0.5]
    assert by_query.parts["precise"].keys == ["b", "d"]
    assert by_query.values == values
    by_user = row.by_kind(kinds, ["u", "u", "v", "u"])
    assert by_user.keys == ["u", "v"]
    assert by_user.parts["precise"].keys == ["u"]
    assert by_user.parts["precise"].intervals()["MRR"].mean == 0.125
    assert by_user.parts["broad"].values["MRR"].tolist() == [1.0, 0.5]
