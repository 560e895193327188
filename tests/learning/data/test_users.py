"""Users to evaluate, and users to count statistics from: never the same."""

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


def test_a_larger_limit_adds_users_to_those_of_a_smaller_one() -> None:
    few, more = Users(limit=10).asked(EVERYBODY), Users(limit=20).asked(reversed(EVERYBODY))
    assert len(few) == 10
    assert few < more
    assert Users().asked(EVERYBODY) == frozenset(EVERYBODY)


def test_statistics_never_count_the_users_they_are_evaluated_on(tmp_path: Path) -> None:
    test, other = EVERYBODY[:80], EVERYBODY[80:]
    test_file = written(tmp_path / "test.jsonl", test)
    final = Users.read("all", test_file, None, 5)
    evaluated = final.asked(EVERYBODY)
    assert len(evaluated) == 5
    assert evaluated <= set(test)
    # None of the file's users is counted, nor those that the limit leaves out.
    assert set(final.for_statistics(EVERYBODY, evaluated)) == set(other)

    developing = Users.read("validation", None, test_file, 0)
    evaluated = developing.asked(EVERYBODY)
    assert evaluated == {user for user in other if split_of(user) == "validation"}
    counted_users = set(developing.for_statistics(EVERYBODY, evaluated))
    assert counted_users == {user for user in other if split_of(user) == "train"}


def test_a_choice_that_leaves_no_user_is_an_error() -> None:
    with pytest.raises(DatasetError, match="--users-not-in"):
        Users(without=frozenset(EVERYBODY)).asked(EVERYBODY)
    with pytest.raises(DatasetError, match="to count popularity from"):
        Users().for_statistics(EVERYBODY, frozenset(EVERYBODY))


def test_popularity_counts_histories_without_the_targets() -> None:
    sequences = Sequences({"1": ("a", "b", "c"), "2": ("a", "c"), "3": ("c", "a")}, Remarks())
    assert counted(sequences) == {"a": 2, "b": 1, "c": 1}
    assert counted(sequences, ["1"]) == {"a": 1, "b": 1}
