"""`live-intent learn reranker` on a real node: from rows to a bundle that a search is ranked by."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from learning.training.reranker.ranking_lists import read
from live_intent.main import cli
from query_service.ranking.feature_matrix import FEATURE_SET
from query_service.ranking.learned_reranker import LearnedReranker
from tests.integration.rebuilding import tiny_model, write_catalogue

pytestmark = pytest.mark.node
COLOURS = ("red", "blue", "green", "black")


@pytest.fixture(scope="module")
def environment(node_url, names, tmp_path_factory) -> dict[str, str]:
    return {
        "LIVE_INTENT_OPENSEARCH_URL": node_url,
        "LIVE_INTENT_OPENSEARCH_TIMEOUT_S": "60",
        "LIVE_INTENT_INDEX_PREFIX": names.prefix,
        "LIVE_INTENT_BUNDLES_DIR": str(tmp_path_factory.mktemp("bundles")),
        "LIVE_INTENT_ENCODER": tiny_model(),
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """Who asks for a colour wants, among the things of that colour, the one numbered next but one
    hundred after the first of the history: a rule that only other visitors' behaviour tells.
    """
    folder = tmp_path_factory.mktemp("data")
    found = {"items": write_catalogue(folder / "items.jsonl", range(200), popularity=0, price=5)}
    rows: list[dict[str, object]] = []
    for user in range(120):
        first = user % 60
        target = first + 100
        history = [str(first), {"item_id": str((first + 40) % 100), "action": "purchase"}]
        rows.append({"user_id": f"u{user}", "query": COLOURS[target % 4], "history": history,
                     "target": str(target)})  # fmt: skip
    rows.append({"user_id": "x", "query": "red", "history": ["none"], "target": "1"})
    sequences = [
        {"user_id": row["user_id"],
         "item_ids": [e if isinstance(e, str) else e["item_id"] for e in row["history"]]
         + [row["target"]]}
        for row in rows[:-1]
    ]  # fmt: skip
    judgments = [
        {"query": f"{colour} {thing}", "item_id": str(n), "grade": 3 if n % 5 == place else 1}
        for colour in COLOURS
        for place, thing in enumerate(("phone", "hose", "shoe", "coffee", "lamp"))
        for n in range(COLOURS.index(colour), 60, 4)
    ]
    for name, made in (("rows", rows), ("sequences", sequences), ("judgments", judgments)):
        found[name] = folder / f"{name}.jsonl"
        found[name].write_text("\n".join(json.dumps(row) for row in made))
    return found


def learn(environment: dict[str, str], *arguments: object) -> Result:
    return CliRunner().invoke(cli, ["learn", "reranker", *map(str, arguments)], env=environment)


def test_from_rows_to_a_better_search(environment, files, tmp_path: Path) -> None:
    out, kept = tmp_path / "bundle", tmp_path / "kept"
    given = ("--items", files["items"], "--rows", files["rows"], "--sequences", files["sequences"],
             "--epochs", 8, "--negatives", 30, "--checkpoints", kept)  # fmt: skip
    line = [sys.executable, "-m", "live_intent.main", "learn", "reranker", *map(str, given),
            "--out", str(out)]  # fmt: skip
    made = subprocess.run(
        line, env=os.environ | environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert made.returncode == 0, made.stderr
    assert "search," in made.stdout
    assert "recommend" in made.stdout
    assert "no event of its history can be used" in made.stdout
    assert "lightgbm:" in made.stdout
    told = json.loads((out / "manifest.json").read_text())["parts"]["reranker"]
    assert told["metrics"]["winner"] in ("pairwise", "pairwise+listwise")
    assert set(told["data"]) == {"items.jsonl", "rows.jsonl", "sequences.jsonl"}
    assert not list(kept.glob("pairwise*/tensors.safetensors"))  # it is done
    made_lists = [each for path in kept.glob("lists-*.safetensors") for each in read(path)]
    cover = FEATURE_SET.columns.index("cover.value")
    assert any(each.matrix[:, cover].any() for each in made_lists)  # titles
    model = LearnedReranker.load(out / "reranker")
    assert set(model.config.kinds) == {"search", "recommend", "rank"}
    assert model.cooccurrence is not None

    def evaluated(**bundle: str) -> dict:
        task = ["evaluate", "personalised-search", "--items", str(files["items"]), "--rows",
                str(files["rows"]), "--split", "test", "--json", "-q"]  # fmt: skip
        result = CliRunner().invoke(cli, task, env=environment | bundle)
        assert result.exit_code == 0, result.output
        rows = json.loads(result.stdout)["rows"]
        return {row["label"]: row["measures"]["NDCG@10"]["mean"] for row in rows}

    before, after = evaluated(), evaluated(LIVE_INTENT_BUNDLE=str(out))
    assert after["query + history"] > before["query + history"] + 0.1
    assert after["query + history"] > after["query + another user's history"] + 0.1

    again = learn(environment, *given, "--out", out)
    assert again.exit_code != 0
    assert "never overwritten" in again.stderr


def test_too_few_lists_are_refused(environment, files, tmp_path: Path) -> None:
    given = ("--items", files["items"], "--judgments", files["judgments"], "--epochs", 2,
             "--loss", "pairwise", "--lists", 60)  # fmt: skip
    few = learn(environment, *given, "--out", tmp_path / "few", "-q")
    assert few.exit_code == 2
    assert "lists to learn from" in few.stderr


def test_what_cannot_be_learned_from(environment, files, tmp_path: Path) -> None:
    nothing = learn(environment, "--items", files["items"], "--out", tmp_path / "b")
    assert nothing.exit_code == 2
    assert "give --rows" in nothing.stderr
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    given = ("--items", files["items"], "--rows", empty, "--out", tmp_path / "b")
    assert "is empty" in learn(environment, *given).stderr
    apart = ("--items", files["items"], "--rows", files["rows"], "--users-not-in", files["rows"])
    nobody = learn(environment, *apart, "--out", tmp_path / "b")
    assert "nothing to learn from is left" in nobody.stderr


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    """Searches for a colour, each session shown the same eight things in another order: what is
    bought is always one of two. And a click that names no query, which can teach nothing.
    """
    rows: list[dict[str, object]] = []
    for n in range(160):
        colour = n % 4
        shown = [str(colour + 4 * k) for k in range(8)]
        turn = n % 8
        shown = shown[turn:] + shown[:turn]
        same = {"application": "shop", "query_id": f"q{n}", "session_id": f"s{n}"}
        rows.append({**same, "user_query": COLOURS[colour], "query_response_hit_ids": shown,
                     "timestamp": f"2026-11-24T10:{n % 60:02}:00Z"})  # fmt: skip
        wanted = str(colour + 4 * (2 + n // 4 % 2))
        rows.append({**same, "action_name": "click",
                     "timestamp": f"2026-11-24T10:{n % 60:02}:09Z",
                     "event_attributes": {"object": {"object_id": wanted},
                                          "position": {"ordinal": shown.index(wanted) + 1}},
                     })  # fmt: skip
    rows.append({"application": "shop", "action_name": "click", "session_id": "s1",
                 "timestamp": "2026-11-24T11:00:00Z",
                 "event_attributes": {"object": {"object_id": "5"}}})  # fmt: skip
    path = tmp_path_factory.mktemp("log") / "log.ndjson"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def test_from_clicks_in_a_log_to_the_order_that_was_clicked(
    environment, files, log, tmp_path: Path
) -> None:
    out = tmp_path / "bundle"
    made = learn(environment, "--items", files["items"], "--events", log, "--epochs", 8,
                 "--out", out, "-q")  # fmt: skip
    assert made.exit_code == 0, made.output
    metrics = json.loads((out / "manifest.json").read_text())["parts"]["reranker"]["metrics"]
    learned, fixed = (metrics[f"NDCG@10, {who}"][0] for who in (metrics["winner"], "fixed"))
    assert learned > fixed + 0.1
    model = LearnedReranker.load(out / "reranker")
    assert model.config.kinds == ("search",)
    assert "query_id is missing" in made.stdout
