"""Files of sequences and rows: what is read, and what is left out and counted."""

import json
from pathlib import Path

import pytest

from learning.data.behaviour import PastEvent, read_rows, read_sequences, read_user_ids
from learning.data.tables import DatasetError

IDS = frozenset("abcdef")


def written(path: Path, rows: list[object]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return path


def test_sequences_are_read_and_what_is_left_out_is_counted(tmp_path: Path) -> None:
    rows: list[object] = [
        {"user_id": "1", "item_ids": ["a", "b", "c"]},
        {"user_id": 2, "item_ids": ["a", "zzz", "b"]},
        {"user_id": "3", "item_ids": ["a", "zzz"]},
        {"user_id": "4", "item_ids": ["a"]},
        {"user_id": "5", "item_ids": ["a", "a", "a"]},
        {"user_id": "6", "item_ids": ["c", "a", "b", "c"]},
        {"user_id": "1", "item_ids": ["d", "e"]},
        {"item_ids": ["d", "e"]},
        {"user_id": "7"},
        {"user_id": "8", "item_ids": "a b"},
        {"user_id": "9", "item_ids": []},
    ]
    sequences = read_sequences(written(tmp_path / "s.jsonl", rows), IDS)
    assert sequences.item_ids == {"1": ("a", "b", "c"), "2": ("a", "b"), "6": ("a", "b", "c")}
    assert sequences.remarks.counts == {
        "it is not among the items": 1,
        "the last item is not among the items": 1,
        "fewer than two items: no history, or nothing to predict": 3,
        "it comes again in its sequence": 3,
        "the user has an earlier row": 1,
        "user_id is missing": 1,
        "item_ids is missing": 1,
        "item_ids is no list": 1,
    }
    lines = sequences.remarks.lines()
    assert "1 history item left out: it is not among the items (line 2: zzz)" in lines
    assert any(line.startswith("3 history items left out: it comes again") for line in lines)
    assert "1 row left out: user_id is missing" in "\n".join(lines)


def test_rows_are_read_with_events_in_every_form(tmp_path: Path) -> None:
    history = [
        {"item_id": "b", "action": "like", "timestamp": "1970-01-01T00:01:40Z"},
        {"item_id": "a", "timestamp": 50, "text": "good"},
        {"item_id": "c", "timestamp": 4e8 * 1000},
    ]
    rows: list[object] = [
        {"user_id": "1", "query": " red ", "history": history, "target": "d"},
        {"user_id": "1", "history": ["a", {"item_id": "b", "timestamp": 3}, 7], "target": "e"},
    ]
    visits = read_rows(written(tmp_path / "r.jsonl", rows), IDS | {"7"})
    timed, untimed = visits.rows
    assert timed.query == "red"
    assert timed.history == (
        PastEvent("a", "click", 50.0, "good"),
        PastEvent("b", "like", 100.0),
        PastEvent("c", "click", 4e8),
    )
    # Timestamps that only some events have do not order the history.
    assert untimed.query == ""
    assert untimed.history == (PastEvent("a"), PastEvent("b"), PastEvent("7"))
    assert visits.remarks.lines() == []


def test_rows_that_cannot_be_used_are_counted_by_reason(tmp_path: Path) -> None:
    good = {"user_id": "1", "query": "red", "history": ["a"], "target": "d"}
    rows: list[object] = [
        good,
        good,
        good | {"user_id": ""},
        good | {"target": None},
        good | {"target": "zzz"},
        good | {"user_id": "3", "history": []},
        good | {"query": "other", "history": ["d"]},
        good | {"history": "a"},
        {"user_id": "1", "query": "red", "target": "d"},
        good | {"query": "x" * 513},
        good | {
            "user_id": "2",
            "history": ["a", "zzz", {}, True, {"item_id": "b", "action": "hug"},
                        {"item_id": "b", "timestamp": "soon"}, {"item_id": "b", "timestamp": -1}],
        },
    ]  # fmt: skip
    visits = read_rows(written(tmp_path / "r.jsonl", rows), IDS)
    assert [row.user_id for row in visits.rows] == ["1", "2"]
    assert visits.rows[1].history == (PastEvent("a"),)
    counts = dict(visits.remarks.counts)
    assert counts.pop("the same row came before") == 1
    assert counts.pop("user_id is missing") == 1
    assert counts.pop("target is missing") == 1
    assert counts.pop("the target is not among the items") == 1
    assert counts.pop("no event of its history can be used") == 2
    assert counts.pop("it is on the target itself") == 1
    assert counts.pop("the history is no list") == 1
    assert counts.pop("history is missing") == 1
    assert counts.pop("the query is longer than 512 signs") == 1
    assert counts.pop("its item is not among the items") == 1
    assert counts.pop("it names no item") == 2
    assert counts.pop("its timestamp is no time") == 2
    ((action, count),) = counts.items()
    assert action.startswith("its action is none of view, click")
    assert count == 1
    assert any("left out: its timestamp" in line for line in visits.remarks.lines())


@pytest.mark.parametrize("read", [read_sequences, read_rows])
@pytest.mark.parametrize("content", ["", "\n\n", '{"user_id": "1"}', "user_id,target\n"])
def test_a_file_without_anything_usable_is_an_error_that_names_it(
    tmp_path: Path, read, content: str
) -> None:
    file = tmp_path / "visits.jsonl"
    file.write_text(content)
    with pytest.raises(DatasetError, match=r"visits\.jsonl"):
        read(file, IDS)


def test_user_ids_are_read_from_any_file(tmp_path: Path) -> None:
    rows: list[object] = [{"user_id": 1, "rating": 3}, {"user_id": "2"}, {"item_id": "a"}]
    assert read_user_ids(written(tmp_path / "u.jsonl", rows)) == {"1", "2"}
    with pytest.raises(DatasetError, match="user_id"):
        read_user_ids(written(tmp_path / "n.jsonl", [{"item_id": "a"}]))
