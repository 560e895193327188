"""Another user's history in place of the own."""

import random

import pytest

from learning.data.behaviour import PastEvent, VisitRow
from learning.data.tables import DatasetError
from learning.evaluation.tasks.personalised_search import foreign


def rows(*shares: int) -> list[VisitRow]:
    made = [
        VisitRow(f"u{user}", "q", (PastEvent("a"),), f"t{place}")
        for user, share in enumerate(shares)
        for place in range(share)
    ]
    random.Random(1).shuffle(made)
    return made


@pytest.mark.parametrize(
    "shares", [(1, 1), (1, 1, 1), (5, 3, 2), (3, 3), (4, 1, 1, 1, 1), (1,) * 50]
)
def test_nobody_gets_a_history_of_their_own_and_each_is_used_once(shares) -> None:
    asked = rows(*shares)
    for seed in range(20):
        others = foreign(asked, seed)
        assert sorted(others) == list(range(len(asked)))
        for place, other in enumerate(others):
            assert asked[place].user_id != asked[other].user_id


def test_seeded() -> None:
    asked = rows(*(1,) * 30)
    assert foreign(asked, 1) == foreign(asked, 1) != foreign(asked, 2)


@pytest.mark.parametrize("shares", [(1,), (3, 2)])
def test_a_user_with_most_of_the_rows_leaves_no_other_to_take(shares) -> None:
    with pytest.raises(DatasetError, match="no other user"):
        foreign(rows(*shares), 0)
