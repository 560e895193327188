"""Judgments in the forms of other tools: there and back, and what is wrong with its line."""

import json
from pathlib import Path

import pytest

from learning.data.datasets import read_judgments
from learning.data.exchange.judgment_files import write_judgments
from learning.data.exchange.query_texts import read_query_texts
from learning.data.tables import DatasetError

GRADES = {
    "red phone": {"a": 3.0, "b": 1.0, "c": 0.0},
    "手机, \"new\"": {"c": 2.0, "SKU/1": 1.0},
}  # fmt: skip


@pytest.mark.parametrize("form", ["rows", "quepid", "workbench", "qrels"])
def test_what_is_written_is_read_again(tmp_path: Path, form: str) -> None:
    file = tmp_path / "judged"
    texts_file = write_judgments(file, GRADES, form)
    texts = read_query_texts(texts_file) if texts_file else None
    for given in (None, form):
        read = read_judgments(file, None, given, texts)
        assert read.grades == GRADES
        assert not read.remarks.counts


def test_the_workbench_takes_ratings_as_texts_in_a_body_for_its_api(tmp_path: Path) -> None:
    write_judgments(tmp_path / "w.json", {"tv": {"x": 0.7}}, "workbench")
    body = json.loads((tmp_path / "w.json").read_text())
    assert body["type"] == "IMPORT_JUDGMENT"
    assert body["judgmentRatings"] == [
        {"query": "tv", "ratings": [{"docId": "x", "rating": "0.7"}]}
    ]


def test_quepid_and_qrels_look_as_those_tools_write_them(tmp_path: Path) -> None:
    write_judgments(tmp_path / "q.csv", {"a, b": {"x": 3.0}}, "quepid")
    assert (tmp_path / "q.csv").read_text() == 'query,docid,rating\n"a, b",x,3\n'
    write_judgments(tmp_path / "qrels", {"tv": {"x": 3.0}}, "qrels", {"tv": "17"})
    assert (tmp_path / "qrels").read_text() == "17 0 x 3\n"


@pytest.mark.parametrize(
    "text",
    [
        '[{"query": "tv", "ratings": [{"docId": "x", "rating": "1.000"}]}]',
        '{"query": "tv", "ratings": [{"docId": "x", "rating": 1}]}\n'
        '{"query": "pc", "ratings": [{"docId": "y", "rating": "2"}]}',
        '{"judgmentRatings": [{"query": "tv", "ratings": [{"docId": "x", "rating": "1"}]}]}',
        "1\t0\tx\t1\n",
        "query-id\tcorpus-id\tscore\n1\tx\t1\n",
        "Query,DocID,Rating,Notes\ntv,x,1,good\n",
        "query,item_id,grade\r\ntv,x,1\r\n",
    ],
)
def test_each_format_is_seen_by_its_content(tmp_path: Path, text: str) -> None:
    file = tmp_path / "judged"
    file.write_bytes(text.encode())
    read = read_judgments(file, None, None, {"1": "tv"})
    assert read.grades["tv"] == {"x": 1.0}
    assert not read.remarks.counts


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("1 0 a 1\n1 0 b\n", "not 4 columns (line 2: '1 0 b')"),
        ("1 0 a 1\n9 0 b 1\n", "the query's text is missing (line 2: 9)"),
        ("1 0 a 1\n1 0 b best\n", "the grade is no number from 0 to 10 (line 2: best)"),
        ("1 0 a 1\n1 0 a 2\n", "judged before (line 2: 'tv', item a)"),
        ("query,docid,rating\ntv,a,1\ntv,b,\n", "not rated (line 3: b)"),
        ("query,docid,rating\ntv,a,1\ntv,b\n", "line 3: 2 instead of 3"),
        (
            '[\n{"query": "tv", "ratings": [{"docId": "a", "rating": "1"}]},\n'
            '{"query": "tv", "ratings": [{"docId": "b", "rating": "x"}]}\n]',
            "(line 3, rating 1: x)",
        ),
        (
            '{"judgmentRatings": [{"query": "tv", "ratings": [{"docId": "a", "rating": "1"}]},\n'
            '{"query": "tv"}]}',
            "no query with ratings (line 2:",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, remark: str) -> None:
    file = tmp_path / "judged"
    file.write_text(text)
    read = read_judgments(file, None, None, {"1": "tv"})
    assert read.grades["tv"]["a"] == 1
    assert remark in "; ".join(read.remarks.lines())


def test_trecs_negative_grades_are_worth_nothing(tmp_path: Path) -> None:
    (tmp_path / "qrels").write_text("q 0 a 1\nq 0 spam -2\n")
    assert read_judgments(tmp_path / "qrels", None).grades == {"q": {"a": 1.0, "spam": 0.0}}


def test_broken_json_is_an_error_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text('[{"query": "tv",\n "ratings": [}]')
    with pytest.raises(DatasetError, match=r"w\.json, line 2"):
        read_judgments(tmp_path / "w.json", None)


@pytest.mark.parametrize(
    ("grades", "message"),
    [
        ({"tv": {"a b": 1.0}}, "the item id 'a b' has a space"),
        ({"tv": {"a": 1.5}}, "the grade 1.5 of a for 'tv' is no whole number"),
    ],
)
def test_what_qrels_can_not_say_is_an_error(
    tmp_path: Path, grades: dict[str, dict[str, float]], message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        write_judgments(tmp_path / "qrels", grades, "qrels")


def test_texts_of_queries_are_read_from_both_forms_and_checked(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("1\tred phone\n2\ttv\n")
    (tmp_path / "b.jsonl").write_text('{"_id": "1", "text": "red phone"}\n{"_id": 2, "text": "tv"}')
    assert read_query_texts(tmp_path / "a.tsv") == read_query_texts(tmp_path / "b.jsonl")
    (tmp_path / "c.tsv").write_text("1\tred phone\n2 tv\n")
    with pytest.raises(DatasetError, match=r"c\.tsv, line 2: write the id, a tab"):
        read_query_texts(tmp_path / "c.tsv")
    (tmp_path / "d.tsv").write_text("1\tred phone\n1\ttv\n")
    with pytest.raises(DatasetError, match="line 2: the id 1 has another text"):
        read_query_texts(tmp_path / "d.tsv")
