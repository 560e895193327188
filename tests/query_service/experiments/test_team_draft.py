"""Team-draft interleaving: both rankings in turn, no team at an advantage."""

from collections import Counter

import pytest

from query_service.experiments.team_draft import team_draft

A = ["one", "two", "three", "four"]
B = ["four", "one", "five", "two"]


@pytest.mark.parametrize("seed", map(str, range(30)))
def test_each_team_picks_its_best_item_that_is_left(seed: str) -> None:
    order, teams = team_draft(A, B, seed)
    assert sorted(order) == sorted({*A, *B})
    assert len(order) == len(teams)
    for position, (item, team) in enumerate(zip(order, teams, strict=True)):
        left = [each for each in (A if team == "a" else B) if each not in order[:position]]
        assert item == left[0]
        picked = Counter(teams[: position + 1])
        if position < 4:
            assert abs(picked["a"] - picked["b"]) <= 1


def test_the_same_seed_gives_the_same_list_so_that_pages_agree() -> None:
    assert team_draft(A, B, "s") == team_draft(A, B, "s")
    long_a, long_b = [str(n) for n in range(50)], [str(n) for n in reversed(range(50))]
    first, teams = team_draft(long_a, long_b, "s")
    cut, cut_teams = team_draft(long_a[:30], long_b[:30], "s")
    assert first[:30] == cut[:30]
    assert teams[:30] == cut_teams[:30]


def test_equal_rankings_stay_as_they_are_and_each_team_has_half() -> None:
    counts: Counter[str] = Counter()
    for seed in range(400):
        order, teams = team_draft(A, A, str(seed))
        assert order == A
        counts.update(teams[0])
    assert 160 <= counts["a"] <= 240


def test_a_list_that_ends_leaves_the_rest_to_the_other_team() -> None:
    order, teams = team_draft(["x"], ["x", "y", "z"], "seed")
    assert order == ["x", "y", "z"]
    assert teams[1:] == "bb"
    assert team_draft([], [], "seed") == ([], "")
    assert team_draft([], ["y"], "seed") == (["y"], "b")
