"""Another user's history in place of the user's own."""

import random

import pytest

from learning.data.behaviour import PastEvent, VisitRow
from learning.data.tables import DatasetError
from learning.evaluation.tasks.visit_queries import other_users_rows


def rows(*shares: int) -> list[VisitRow]:
    visits = [
        VisitRow(f"u{user}", "q", (PastEvent("a"),), f"t{number}")
        for user, share in enumerate(shares)
        for number in range(share)
    ]
    random.Random(1).shuffle(visits)
    return visits


@pytest.mark.parametrize(
    "shares", [(1, 1), (1, 1, 1), (5, 3, 2), (3, 3), (4, 1, 1, 1, 1), (1,) * 50]
)
def test_each_row_gets_another_users_history_and_each_is_used_once(shares) -> None:
    visits = rows(*shares)
    for seed in range(20):
        others = other_users_rows(visits, seed)
        assert sorted(others) == list(range(len(visits)))
        for number, other in enumerate(others):
            assert visits[number].user_id != visits[other].user_id


def test_the_assignment_depends_on_the_seed_alone() -> None:
    visits = rows(*(1,) * 30)
    first = other_users_rows(visits, 1)
    assert other_users_rows(visits, 1) == first != other_users_rows(visits, 2)


@pytest.mark.parametrize("shares", [(1,), (3, 2)])
def test_a_user_with_more_than_half_of_the_rows_is_an_error(shares) -> None:
    with pytest.raises(DatasetError, match="no other user"):
        other_users_rows(rows(*shares), 0)
