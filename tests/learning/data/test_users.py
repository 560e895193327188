"""Who is asked, and from whom may be counted: never the same users."""

import json
from pathlib import Path

import pytest

from learning.data.behaviour import Sequences
from learning.data.splits import split_of
from learning.data.tables import DatasetError, Remarks
from learning.data.users import Users
from learning.evaluation.popularity import counted

EVERYBODY = [str(n) for n in range(200)]


def written(path: Path, users: list[str]) -> Path:
    path.write_text("\n".join(json.dumps({"user_id": user}) for user in users))
    return path


def test_a_limit_takes_the_same_ones_however_many_there_are() -> None:
    few, more = Users(most=10).asked(EVERYBODY), Users(most=20).asked(reversed(EVERYBODY))
    assert len(few) == 10
    assert few < more
    assert Users().asked(EVERYBODY) == frozenset(EVERYBODY)


def test_statistics_never_see_whom_they_are_used_on(tmp_path: Path) -> None:
    test, other = EVERYBODY[:80], EVERYBODY[80:]
    named = written(tmp_path / "test.jsonl", test)
    final = Users.read("all", named, None, 5)
    asked = final.asked(EVERYBODY)
    assert len(asked) == 5
    assert asked <= set(test)
    # All of the file's users are kept apart, the ones that a limit leaves out too.
    assert set(final.teaching(EVERYBODY, asked)) == set(other)

    developing = Users.read("validation", None, named, 0)
    asked = developing.asked(EVERYBODY)
    assert asked == {user for user in other if split_of(user) == "validation"}
    teaching = set(developing.teaching(EVERYBODY, asked))
    assert teaching == {user for user in other if split_of(user) == "train"}


def test_a_choice_without_anybody_left_is_an_error() -> None:
    with pytest.raises(DatasetError, match="--users-not-in"):
        Users(without=frozenset(EVERYBODY)).asked(EVERYBODY)
    with pytest.raises(DatasetError, match="to count popularity from"):
        Users().teaching(EVERYBODY, frozenset(EVERYBODY))


def test_popularity_counts_histories_without_what_is_to_be_predicted() -> None:
    sequences = Sequences({"1": ("a", "b", "c"), "2": ("a", "c"), "3": ("c", "a")}, Remarks())
    assert counted(sequences) == {"a": 2, "b": 1, "c": 1}
    assert counted(sequences, ["1"]) == {"a": 1, "b": 1}
