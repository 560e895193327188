"""A report as table and JSON; degraded answers are named."""

import json

import numpy as np
import pytest

from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.report.report import Report, as_json, as_table

VALUES = {"NDCG@10": np.array([0.5, np.nan, 1.0])}
BETTER = {"NDCG@10": np.array([0.75, np.nan, 1.0])}


def report(**degraded: int) -> Report:
    rows = [
        MeasuredRanking("words", VALUES, 1.0),
        MeasuredRanking("words + meaning", BETTER, 1.0, degraded),
    ]
    return Report("search", {"items": "3 of items.jsonl"}, rows, ["2 rows left out: not JSON"])


def test_the_table_has_differences_and_remarks() -> None:
    table = as_table(report())
    assert "items: 3 of items.jsonl" in table
    assert "0.7500 [" in table
    assert "  - words" in table
    assert "+0.1250 [" in table
    assert table.endswith("2 rows left out: not JSON")


def test_json_has_the_same() -> None:
    first, second = json.loads(as_json(report()))["rows"]
    assert first["difference_to_first"] == {}
    assert second["measures"]["NDCG@10"]["mean"] == pytest.approx(0.875)
    assert second["measures"]["NDCG@10"]["count"] == 2
    assert second["measures"]["NDCG@10"]["left_out"] == 1
    assert second["difference_to_first"]["NDCG@10"]["mean"] == pytest.approx(0.125)


def test_a_ranking_is_compared_with_its_peer_too() -> None:
    kinds = ["precise", "broad", "broad"]
    rows = [
        MeasuredRanking(label, {"NDCG@10": np.array(values)}, 1.0, peer=peer).by_kind(kinds)
        for label, values, peer in (
            ("words", [0.5, 0.2, 0.4], ""),
            ("words + meaning", [0.25, 0.6, 0.4], ""),
            ("plugin", [0.5, 0.4, 0.2], "words + meaning"),
        )
    ]
    compared = Report("search", {}, rows)
    table = as_table(compared)
    assert table.count("  - words + meaning  ") == 2  # all queries, and by kind
    words, both, plugin = json.loads(as_json(compared))["rows"]
    assert "peer" not in words | both
    assert plugin["peer"] == "words + meaning"
    assert plugin["difference_to_peer"]["NDCG@10"]["mean"] == pytest.approx(-0.05)
    assert plugin["difference_to_first"]["NDCG@10"]["mean"] == pytest.approx(0)
    broad = plugin["by_kind_of_query"]["broad"]["difference_to_peer"]["NDCG@10"]
    assert broad["mean"] == pytest.approx(-0.2)


def test_degraded_answers_are_named() -> None:
    assert report().degraded == []
    (line,) = report(meaning=2).degraded
    assert line == "NOT WHOLE: words + meaning: 2 answers had to do without meaning"
    assert line in as_table(report(meaning=2))


def test_kinds_of_queries_have_a_table_with_counts_intervals_and_differences() -> None:
    kinds = ["precise", "broad", "broad"]
    rows = [
        MeasuredRanking(label, {"NDCG@10": np.array(values)}, 1.0).by_kind(kinds)
        for label, values in (("words", [0.5, 0.2, 0.4]), ("both", [0.25, 0.6, 0.4]))
    ]
    by_kind = Report("search", {}, rows)
    table = as_table(by_kind)
    assert "NDCG@10 by kind of query" in table
    assert "precise (1)" in table
    assert "broad (2)" in table
    assert "-0.2500 [" in table
    parts = json.loads(as_json(by_kind))["rows"][1]["by_kind_of_query"]
    assert parts["precise"]["difference_to_first"]["NDCG@10"]["mean"] == pytest.approx(-0.25)
    assert parts["broad"]["measures"]["NDCG@10"]["mean"] == pytest.approx(0.5)
    assert "by kind of query" not in as_table(report())
