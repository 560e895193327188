"""`live-intent evaluate` with `--report` and `--baseline`: a run kept, and a later one compared."""

import json
from functools import partial
from pathlib import Path

import pytest

from tests.integration.command_line import invoke
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import write_catalogue

pytestmark = pytest.mark.node


def test_a_later_search_is_compared_with_the_report_query_by_query(
    fresh_environment: dict[str, str], tmp_path: Path
) -> None:
    items = write_catalogue(tmp_path / "items.jsonl", range(120), popularity=0)
    rows = [
        {"query": query, "item_id": str(n), "grade": 3}
        for query, first in (("red phone", 0), ("blue garden hose", 1), ("green running shoe", 2))
        for n in range(first, 120, 20)
    ]
    judgments = write_json_lines(tmp_path / "judgments.jsonl", rows)
    search = partial(
        invoke, fresh_environment, "evaluate", "search", "--items", items, "--judgments", judgments,
        "--quiet",
    )  # fmt: skip
    before = search("--legs", "words", "--report", tmp_path / "before")
    assert before.exit_code == 0, before.output
    baseline = tmp_path / "before/report.json"
    report = json.loads(baseline.read_text())
    assert set(report["rows"][0]["values"]["NDCG@10"]) == {
        "red phone", "blue garden hose", "green running shoe"
    }  # fmt: skip
    page = (tmp_path / "before/index.html").read_text()
    assert "<h1>Evaluation: search</h1>" in page

    after = search("--legs", "words", "--legs", "meaning", "--baseline", baseline, "--json")
    assert after.exit_code == 0, after.output
    words, meaning = json.loads(after.stdout)["rows"]
    assert words["difference_to_baseline"]["NDCG@10"]["mean"] == 0
    # The baseline has no such row: its first stands for it, as in the run itself.
    assert meaning["baseline"] == "words"
    assert meaning["difference_to_baseline"] == meaning["difference_to_first"]

    write_json_lines(judgments, rows[:-6])
    fewer = search("--legs", "words", "--baseline", baseline)
    assert fewer.exit_code == 2
    assert "lacks 1 of the baseline's ('green running shoe')" in fewer.stderr
    (tmp_path / "averages.json").write_text(after.stdout)
    averages = search("--baseline", tmp_path / "averages.json")
    assert averages.exit_code == 2
    assert "averages only" in averages.stderr
    (tmp_path / "before/mine.txt").write_text("")
    refused = search("--report", tmp_path / "before")
    assert refused.exit_code == 2
    assert "mine.txt" in refused.stderr
