"""Judgments and catalogues: what is read, and what is left out and counted."""

import gzip
import json
from pathlib import Path

import pytest

from indexer.catalogue.reading.column_map import ColumnMap
from learning.data.datasets import read_items_file, read_judgments
from learning.data.tables import DatasetError

IDS = frozenset({"a", "b", "c"})
GOOD = [
    {"query": "red phone", "item_id": "a", "grade": 3},
    {"query": "red phone", "item_id": "b", "grade": 1.33},
    {"query": "手机", "item_id": "c", "grade": 2.67},
]


def written(path: Path, rows: list[object]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return path


def test_judgments_come_grouped_by_query_in_the_files_order(tmp_path: Path) -> None:
    judgments = read_judgments(written(tmp_path / "j.jsonl", GOOD), IDS)
    assert judgments.queries == ("red phone", "手机")
    assert judgments.grades["red phone"] == {"a": 3.0, "b": 1.33}
    assert judgments.remarks.lines() == []


def test_csv_gzip_and_a_byte_order_mark_read_the_same(tmp_path: Path) -> None:
    lines = ["query,item_id,grade", "red phone,a,3", "red phone,b,1.33", "手机,c,2.67"]
    file = tmp_path / "j.csv.gz"
    file.write_bytes(gzip.compress("\ufeff".encode() + "\r\n".join(lines).encode()))
    as_json = read_judgments(written(tmp_path / "j.jsonl", GOOD), IDS)
    assert read_judgments(file, IDS).grades == as_json.grades


def test_what_cannot_be_used_is_counted_by_reason(tmp_path: Path) -> None:
    bad = [
        {"query": "red phone", "item_id": "zzz", "grade": 3},
        {"query": "red phone", "item_id": "c", "grade": -1},
        {"query": "red phone", "item_id": "c", "grade": 11},
        {"query": "red phone", "item_id": "c", "grade": "good"},
        {"query": "red phone", "item_id": "c", "grade": float("nan")},
        {"query": " ", "item_id": "c", "grade": 3},
        {"query": "red phone", "item_id": "c"},
        {"query": "x" * 513, "item_id": "c", "grade": 3},
        {"query": "red phone", "item_id": "a", "grade": 1},
        ["no object"],
    ]
    file = written(tmp_path / "j.jsonl", [*GOOD, *bad])
    with file.open("a") as more:
        more.write("\n{broken\n\n")
    judgments = read_judgments(file, IDS)
    assert judgments.grades["red phone"] == {"a": 3.0, "b": 1.33}
    assert judgments.remarks.counts == {
        "the item is not among the items": 1,
        "the grade is no number from 0 to 10": 4,
        "query is missing": 1,
        "grade is missing": 1,
        "the query is longer than 512 signs": 1,
        "judged before": 1,
        "not a JSON object": 1,
        "not JSON": 1,
    }
    lines = judgments.remarks.lines()
    assert lines[0].startswith("4 rows left out: the grade is no number from 0 to 10 (line 5: -1;")
    assert any("line 4: zzz" in line for line in lines)


@pytest.mark.parametrize("content", ["", "  \n\n", "query,item_id,grade\n", "[1]"])
def test_a_file_without_judgments_is_an_error_that_names_it(tmp_path: Path, content: str) -> None:
    file = tmp_path / "judged.csv"
    file.write_text(content)
    with pytest.raises(DatasetError, match=r"judged\.csv"):
        read_judgments(file, IDS)


def test_judgments_of_another_catalogue_are_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="3 rows left out: the item is not among the items"):
        read_judgments(written(tmp_path / "j.jsonl", GOOD), frozenset({"x"}))


def test_damaged_gzip_and_other_encodings_are_errors(tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"x" * 5000)[:20])
    (tmp_path / "latin.csv").write_bytes("query,item_id,grade\ncafé,a,3\n".encode("latin-1"))
    for name in ("cut.gz", "latin.csv", "missing.csv"):
        with pytest.raises(DatasetError, match=name):
            read_judgments(tmp_path / name, IDS)


def test_parts_and_queries_with_a_relevant_item(tmp_path: Path) -> None:
    rows = [{"query": f"query {n}", "item_id": "a", "grade": n % 4} for n in range(400)]
    judgments = read_judgments(written(tmp_path / "j.jsonl", rows), IDS)
    parts = [set(judgments.part(split).queries) for split in ("train", "validation", "test")]
    assert set.union(*parts) == set(judgments.queries) == set(judgments.part("all").queries)
    assert sum(map(len, parts)) == 400
    assert len(judgments.with_relevant(2.67).queries) == 100


def test_ids_and_rejects_of_a_catalogue(tmp_path: Path) -> None:
    rows = [{"item_id": "1", "name": "A"}, {"item_id": "2"}, {"item_id": "3", "name": "B"}]
    file = written(tmp_path / "items.jsonl", rows)
    items = read_items_file(file, ColumnMap.parse(["title=name"]))
    assert items.ids == {"1", "3"}
    assert items.rejects == 1
    with pytest.raises(DatasetError, match="no item"):
        read_items_file(written(tmp_path / "none.jsonl", [{"title": "x"}]))
