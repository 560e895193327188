"""The page of a comparison: self-contained, texts as text, queries of few sessions left out."""

import re

from indexer.gate.comparison import ComparedQuery, Comparison
from indexer.gate.page import page_of
from indexer.gate.recent_queries import RecentQuery
from indexer.gate.replay import IndexAnswer
from indexer.gate.table import table_lines

OLD = IndexAnswer(("a", "b"), ("Lamp <b>bold</b> & co", "Hose"), 12)
NEW = IndexAnswer(("b", "c"), ("Hose", "<script>alert(1)</script>"), 9)
EMPTY = IndexAnswer((), (), 0)


def comparison() -> Comparison:
    rows = (
        ComparedQuery(RecentQuery("lamp <i>", 7, shown=True), OLD, NEW),
        ComparedQuery(RecentQuery("hose", 5, shown=True), OLD, EMPTY),
        ComparedQuery(RecentQuery("same", 4, shown=True), OLD, OLD),
        ComparedQuery(RecentQuery("secret", 3, shown=False), OLD, NEW),
    )
    return Comparison("items-1", "items-2", rows, 14)


def test_overlap_is_the_share_of_hits_that_both_have():
    lamp, hose, same, _ = comparison().rows
    assert (lamp.overlap, hose.overlap, same.overlap) == (0.5, 0.0, 1.0)
    assert (hose.newly_empty, lamp.newly_empty, lamp.same_first) == (True, False, False)
    assert comparison().overlap == 0.5
    assert ComparedQuery(RecentQuery("x", 1, shown=True), EMPTY, EMPTY).overlap == 1.0


def test_the_page_shows_markup_as_text_and_loads_nothing():
    page = page_of(comparison(), "2026-01-01 00:00 UTC")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "Lamp &lt;b&gt;bold&lt;/b&gt; &amp; co" in page
    assert "lamp &lt;i&gt;" in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=\"(?!#|data:)", page)
    assert "secret" not in page
    assert "1 of them were typed by too few sessions" in page


def test_the_table_has_the_queries_that_differ_the_most_different_first():
    lines = table_lines(comparison())
    assert lines[0] == "items-1 -> items-2"
    rows = [line.split()[0] for line in lines[-2:]]
    assert rows == ["hose", "lamp"]
    assert "0 (none now)" in lines[-2]
    assert "secret" not in "\n".join(lines)
    assert table_lines(comparison().first(0)) == [
        "no queries in the log of the last 14 days: nothing to compare"
    ]
