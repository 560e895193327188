"""A run is kept as a folder, and the next one compared with it, query by query."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from live_intent.main import cli
from tests.integration.rebuilding import tiny_model, write_catalogue

pytestmark = pytest.mark.node
Run = Callable[..., Result]


@pytest.fixture
def run(node_url: str, fresh_names, tmp_path: Path) -> Run:
    environment = {
        "LIVE_INTENT_OPENSEARCH_URL": node_url,
        "LIVE_INTENT_OPENSEARCH_TIMEOUT_S": "60",
        "LIVE_INTENT_INDEX_PREFIX": fresh_names.prefix,
        "LIVE_INTENT_BUNDLES_DIR": str(tmp_path / "bundles"),
        "LIVE_INTENT_ENCODER": tiny_model(),
    }
    return lambda *arguments: CliRunner().invoke(cli, [str(a) for a in arguments], env=environment)


def test_search_before_and_after(run: Run, tmp_path: Path) -> None:
    items = write_catalogue(tmp_path / "items.jsonl", range(120), popularity=0)
    rows = [
        {"query": query, "item_id": str(n), "grade": 3}
        for query, first in (("red phone", 0), ("blue garden hose", 1), ("green running shoe", 2))
        for n in range(first, 120, 20)
    ]
    judgments = tmp_path / "judgments.jsonl"
    judgments.write_text("\n".join(map(json.dumps, rows)))
    given = ("evaluate", "search", "--items", items, "--judgments", judgments, "--quiet")
    before = run(*given, "--legs", "words", "--report", tmp_path / "before")
    assert before.exit_code == 0, before.output
    kept = tmp_path / "before/report.json"
    report = json.loads(kept.read_text())
    assert set(report["rows"][0]["values"]["NDCG@10"]) == {
        "red phone", "blue garden hose", "green running shoe"
    }  # fmt: skip
    page = (tmp_path / "before/index.html").read_text()
    assert "<h1>Evaluation: search</h1>" in page

    after = run(*given, "--legs", "words", "--legs", "meaning", "--baseline", kept, "--json")
    assert after.exit_code == 0, after.output
    words, meaning = json.loads(after.stdout)["rows"]
    assert words["difference_to_baseline"]["NDCG@10"]["mean"] == 0
    # The baseline has no such row: its first stands for it, as in the run itself.
    assert meaning["baseline"] == "words"
    assert meaning["difference_to_baseline"] == meaning["difference_to_first"]

    judgments.write_text("\n".join(map(json.dumps, rows[:-6])))
    fewer = run(*given, "--legs", "words", "--baseline", kept)
    assert fewer.exit_code == 2
    assert "lacks 1 of the baseline's ('green running shoe')" in fewer.stderr
    (tmp_path / "averages.json").write_text(after.stdout)
    averages = run(*given, "--baseline", tmp_path / "averages.json")
    assert averages.exit_code == 2
    assert "averages only" in averages.stderr
    (tmp_path / "before/mine.txt").write_text("")
    foreign = run(*given, "--report", tmp_path / "before")
    assert foreign.exit_code == 2
    assert "mine.txt" in foreign.stderr
