"""Floors of exposure: groups reach them, what it costs is bounded, and the order is the scores'."""

import numpy as np
import pytest

from query_service.ranking.exposure import FloorsAtWork, at_work, exposed
from query_service.ranking.scores import Scores, leaders, ranked_rows
from query_service.setting_texts.exposure_floors import ExposureFloors
from tests.query_service.fixtures import bundle
from tests.query_service.ranking.test_reranker import candidates

N = 60
IDS = tuple(f"{row:03}" for row in range(N))
RARE = np.arange(N) % 6 > 3  # a third, the first of them at the fifth place


def scores(total: np.ndarray) -> Scores:
    none = np.zeros((N, 0), np.float32)
    return Scores(total.astype(np.float32), {}, none, none, np.zeros(N, np.float32))


def falling() -> Scores:
    return scores(np.linspace(1, 0.4, N))


def share(rows: np.ndarray, members: np.ndarray, depth: int) -> float:
    weights = 1 / np.log2(np.arange(2, depth + 2))
    return float(weights @ members[rows[:depth]] / weights.sum())


def order(of: Scores, floors: FloorsAtWork, leading: np.ndarray | None = None) -> np.ndarray:
    itself = np.arange(N) if leading is None else leading
    return ranked_rows(exposed(of, IDS, floors, itself).total, IDS)


@pytest.mark.parametrize("floor", [0.2, 0.3, 0.5])
@pytest.mark.parametrize("depth", [5, 10, 20])
def test_a_group_reaches_its_floor_as_near_as_a_position_allows(floor: float, depth: int) -> None:
    rows = order(falling(), FloorsAtWork(((RARE, floor),), max_cost=1))
    weights = 1 / np.log2(np.arange(2, depth + 2))
    assert share(rows, RARE, depth) >= floor - weights[-1] / 2 / weights.sum() - 1e-9
    assert sorted(rows.tolist()) == list(range(N))


def test_members_and_others_keep_their_own_order() -> None:
    rows = order(falling(), FloorsAtWork(((RARE, 0.4),), max_cost=1))
    assert np.diff(rows[RARE[rows]]).min() > 0
    assert np.diff(rows[~RARE[rows]]).min() > 0


def test_a_floor_that_is_reached_changes_nothing() -> None:
    before = falling()
    assert exposed(before, IDS, FloorsAtWork(((RARE, 0.05),), 1.0), np.arange(N)) is before
    assert exposed(before, IDS, FloorsAtWork(), np.arange(N)) is before


@pytest.mark.parametrize("max_cost", [0.0, 0.01, 0.05, 0.2])
def test_the_cost_in_relevance_is_bounded(max_cost: float) -> None:
    """For every prefix of ten positions or more, by a loop over the formula."""
    draw = np.random.default_rng(3)
    for _ in range(20):
        before = scores(np.sort(draw.exponential(size=N))[::-1])
        rows = order(before, FloorsAtWork(((RARE, 0.6), (np.arange(N) % 7 == 6, 0.3)), max_cost))
        relevance = (before.total - before.total[49]) / (before.total[0] - before.total[49])
        weights = 1 / np.log2(np.arange(2, 52))
        for depth in range(10, 51):
            best = weights[:depth] @ relevance[:depth]
            assert weights[:depth] @ relevance[rows[:depth]] >= best * (1 - max_cost) - 1e-5
        if max_cost == 0:
            assert rows.tolist() == list(range(N))


def test_equal_scores_are_ordered_at_no_cost() -> None:
    rows = order(scores(np.ones(N)), FloorsAtWork(((RARE, 0.5),), max_cost=0))
    assert share(rows, RARE, 10) >= 0.4


def test_what_it_adds_is_a_share_of_the_score_and_variants_move_together() -> None:
    before = falling()
    after = exposed(before, IDS, FloorsAtWork(((RARE, 0.4),), 1.0), np.arange(N))
    assert after.exposure is not None
    assert after.exposure.min() >= 0
    np.testing.assert_allclose(after.total, before.total + after.exposure, atol=1e-6)
    keys = [f"group {row // 2}" for row in range(N)]
    leading = leaders(np.arange(N), keys)
    lone = np.arange(N) % 6 == 4  # the first of its two variants
    together = exposed(before, IDS, FloorsAtWork(((lone, 0.5),), 1.0), leading)
    assert together.exposure is not None
    np.testing.assert_array_equal(together.exposure[::2], together.exposure[1::2])


def test_missing_scores_stay_last() -> None:
    total = np.linspace(1, 0, N)
    total[5] = np.nan
    assert order(scores(total), FloorsAtWork(((RARE, 0.5),), 1.0))[-1] == 5


def test_groups_of_candidates() -> None:
    found = candidates(bundle())
    names = {"long_tail": 0.1, "new": 0.1, "brand:XIAOMI": 0.1, "category:phones": 0.1,
             "category:Phones > Smart": 0.1}  # fmt: skip
    rows = [own for own, _ in at_work(ExposureFloors(names), found, pivot=10.0).floors]
    assert [int(own.sum()) for own in rows] == [10, 1, 10, 30]  # no item is below Phones


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("long_tail", "no GROUP=SHARE"),
        ("long_tail=much", "no GROUP=SHARE"),
        ("long_tail=1.5", "share of long_tail is 1.5"),
        ("new=nan", "share of new is nan"),
        ("seller=0.1", "group 'seller' is unknown"),
        ("brand:=0.1", "group 'brand:' is unknown"),
        (",".join(f"brand:{n}=0.01" for n in range(11)), "11 floors"),
    ],
)
def test_a_wrong_setting_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ExposureFloors.parse(text)


def test_a_setting_names_groups_and_shares() -> None:
    parsed = ExposureFloors.parse("long_tail=0.3, brand:A = B=0.1,", 0.02)
    assert parsed == ExposureFloors({"long_tail": 0.3, "brand:A = B": 0.1}, 0.02)
