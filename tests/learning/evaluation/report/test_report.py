"""What a report says, and whether it may be believed."""

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


def test_a_table_with_differences_and_remarks() -> None:
    told = as_table(report())
    assert "items: 3 of items.jsonl" in told
    assert "0.7500 [" in told
    assert "  - words" in told
    assert "+0.1250 [" in told
    assert told.endswith("2 rows left out: not JSON")


def test_json_holds_the_same() -> None:
    told = json.loads(as_json(report()))
    first, second = told["rows"]
    assert first["difference_to_first"] == {}
    assert second["measures"]["NDCG@10"]["mean"] == pytest.approx(0.875)
    assert second["measures"]["NDCG@10"]["count"] == 2
    assert second["measures"]["NDCG@10"]["left_out"] == 1
    assert second["difference_to_first"]["NDCG@10"]["mean"] == pytest.approx(0.125)


def test_an_answer_that_lacked_a_part_spoils_it() -> None:
    assert report().whole
    spoilt = report(meaning=2)
    assert not spoilt.whole
    assert "NOT WHOLE: words + meaning: 2 answers had to do without meaning" in as_table(spoilt)
