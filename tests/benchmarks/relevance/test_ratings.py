"""Ratings as sessions: where they are split, and which of them are used."""

import gzip
import json
from pathlib import Path

import pytest

from benchmarks.relevance.ratings import (
    MOST_SESSIONS,
    Rating,
    read_ratings,
    sessions,
    split_at_gaps,
)


def ratings(*times: float, user: str = "u", rating: float = 4.0, first: int = 0) -> list[Rating]:
    return [Rating(user, f"i{first + n}", rating, time) for n, time in enumerate(times)]


def test_a_gap_of_more_than_30_minutes_splits() -> None:
    rated = ratings(0, 1800, 3601, 3700)
    assert [[each.timestamp for each in s] for s in split_at_gaps(rated[::-1])] == [
        [0, 1800],
        [3601, 3700],
    ]
    assert split_at_gaps([]) == []


def test_the_order_within_a_second_is_not_that_of_the_file() -> None:
    rated = ratings(*[7.0] * 40)
    (session,) = split_at_gaps(rated)
    assert session != rated
    assert split_at_gaps(rated[::-1]) == [session]


def test_the_targets_are_the_liked_items_of_the_later_half() -> None:
    early, liked = ratings(1, 2, 3), ratings(4, 5, first=3)
    late = [*liked, *ratings(6, 7, rating=3.0, first=5)]
    (session,) = sessions([*early, *late])
    assert session.early == tuple(early)
    assert session.targets == {"i3", "i4"}


@pytest.mark.parametrize(
    "rated",
    [
        ratings(1, 2, 3, 4, 5),  # too short
        ratings(1, 2, 3, 4, 5, 6, rating=3.0),  # nothing liked later
    ],
)
def test_sessions_without_a_target_are_left_out(rated: list[Rating]) -> None:
    assert sessions(rated) == []


def test_an_item_rated_again_is_no_target() -> None:
    rated = [Rating("u", item, 5.0, n) for n, item in enumerate("abcabd")]
    (session,) = sessions(rated)
    assert session.targets == {"d"}


def test_a_user_has_at_most_a_few_sessions() -> None:
    rated = [r for day in range(9) for r in ratings(*(day * 86400 + n for n in range(6)))]
    assert len(sessions([*rated, *ratings(1, 2, 3, 4, 5, 6, user="v")])) == MOST_SESSIONS + 1


@pytest.mark.parametrize(
    ("rating", "action"),
    [(5.0, "like"), (4.0, "like"), (3.5, "view"), (2.5, "view"), (2.0, "dislike")],
)
def test_a_rating_as_an_action(rating: float, action: str) -> None:
    assert Rating("u", "i", rating, 0.0).action == action


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "ratings.jsonl.gz"
    rows = [{"user_id": "1", "item_id": i, "rating": 3, "timestamp": 9} for i in ("a", "b", "a")]
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    read = read_ratings(path)
    assert read[0] == Rating("1", "a", 3.0, 9.0)
    assert [each.item_id for each in read] == ["a", "b", "a"]
