"""`live-intent learn reranker` on a real node: from rows to a bundle that a search is ranked by."""

import json
from functools import partial
from pathlib import Path

import pytest

from indexer.bundle.learned_from import bundles_of
from learning.training.reranker.ranking_lists import read
from query_service.ranking.learned.feature_matrix import FEATURE_SET
from query_service.ranking.learned.learned_reranker import LearnedReranker
from tests.integration.command_line import invoke, run
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import COLOURS, write_catalogue

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def items(tmp_path_factory) -> Path:
    """Two hundred items, alike in popularity and price."""
    path = tmp_path_factory.mktemp("items") / "items.jsonl"
    return write_catalogue(path, range(200), popularity=0, price=5)


@pytest.fixture(scope="module")
def rows(tmp_path_factory) -> Path:
    """Searches for a colour whose target is the first item of the history plus one hundred.

    Nothing but the behaviour of other visitors shows this rule.
    """
    rows: list[dict[str, object]] = []
    for user in range(120):
        first = user % 60
        target = first + 100
        history = [str(first), {"item_id": str((first + 40) % 100), "action": "purchase"}]
        rows.append({"user_id": f"u{user}", "query": COLOURS[target % 4], "history": history,
                     "target": str(target)})  # fmt: skip
    rows.append({"user_id": "x", "query": "red", "history": ["none"], "target": "1"})
    return write_json_lines(tmp_path_factory.mktemp("rows") / "rows.jsonl", rows)


@pytest.fixture(scope="module")
def sequences(tmp_path_factory) -> Path:
    """The histories and targets of `rows`, in order of time."""
    rows = [
        {"user_id": f"u{user}", "item_ids": [str(first), str((first + 40) % 100), str(first + 100)]}
        for user, first in enumerate([*range(60), *range(60)])
    ]
    return write_json_lines(tmp_path_factory.mktemp("sequences") / "sequences.jsonl", rows)


@pytest.fixture(scope="module")
def judgments(tmp_path_factory) -> Path:
    """Twenty queries of a colour and a kind."""
    rows = [
        {"query": f"{colour} {kind}", "item_id": str(n), "grade": 3 if n % 5 == k else 1}
        for colour in COLOURS
        for k, kind in enumerate(("phone", "hose", "shoe", "coffee", "lamp"))
        for n in range(COLOURS.index(colour), 60, 4)
    ]
    return write_json_lines(tmp_path_factory.mktemp("judgments") / "judgments.jsonl", rows)


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    """A UBI log of searches for a colour, each showing the same eight items in another order.

    The click is always on one of two items. One more click names no query and teaches nothing.
    """
    rows: list[dict[str, object]] = []
    for n in range(160):
        colour, first = n % 4, n % 8
        shown = [str(colour + 4 * k) for k in range(8)]
        shown = shown[first:] + shown[:first]
        search = {"application": "shop", "query_id": f"q{n}", "session_id": f"s{n}"}
        rows.append({**search, "user_query": COLOURS[colour], "query_response_hit_ids": shown,
                     "timestamp": f"2026-11-24T10:{n % 60:02}:00Z"})  # fmt: skip
        clicked = str(colour + 4 * (2 + n // 4 % 2))
        rows.append({**search, "action_name": "click",
                     "timestamp": f"2026-11-24T10:{n % 60:02}:09Z",
                     "event_attributes": {"object": {"object_id": clicked},
                                          "position": {"ordinal": shown.index(clicked) + 1}},
                     })  # fmt: skip
    rows.append({"application": "shop", "action_name": "click", "session_id": "s1",
                 "timestamp": "2026-11-24T11:00:00Z",
                 "event_attributes": {"object": {"object_id": "5"}}})  # fmt: skip
    return write_json_lines(tmp_path_factory.mktemp("log") / "log.ndjson", rows)


def test_a_reranker_learned_from_rows_ranks_better(
    environment, items, rows, sequences, tmp_path: Path
) -> None:
    out, checkpoints = tmp_path / "bundle", tmp_path / "checkpoints"
    learn = ("learn", "reranker", "--items", items, "--rows", rows, "--sequences", sequences,
             "--epochs", 8, "--negatives", 30, "--checkpoints", checkpoints,
             "--out", out)  # fmt: skip
    result = run(environment, *learn)
    assert result.returncode == 0, result.stderr
    assert "search," in result.stdout
    assert "recommend" in result.stdout
    assert "no event of its history can be used" in result.stdout
    assert "lightgbm:" in result.stdout
    provenance = json.loads((out / "manifest.json").read_text())["parts"]["reranker"]
    assert provenance["metrics"]["winner"] in ("pairwise", "pairwise+listwise")
    assert set(provenance["data"]) == {"items.jsonl", "rows.jsonl", "sequences.jsonl"}
    assert not list(checkpoints.glob("pairwise*/tensors.safetensors"))  # removed at the end
    lists = [each for path in checkpoints.glob("lists-*.safetensors") for each in read(path)]
    cover = FEATURE_SET.columns.index("cover.value")  # a feature of the titles
    assert any(each.matrix[:, cover].any() for each in lists)
    model = LearnedReranker.load(out / "reranker")
    assert set(model.config.kinds) == {"search", "recommend", "rank"}
    assert model.cooccurrence is not None

    def ndcg(**bundle: str) -> dict[str, float]:
        result = invoke(
            environment | bundle, "evaluate", "personalised-search", "--items", items,
            "--rows", rows, "--split", "test", "--json", "-q",
        )  # fmt: skip
        assert result.exit_code == 0, result.output
        report = json.loads(result.stdout)
        return {row["label"]: row["measures"]["NDCG@10"]["mean"] for row in report["rows"]}

    before, after = ndcg(), ndcg(LIVE_INTENT_BUNDLE=str(out))
    assert after["query + history"] > before["query + history"] + 0.1
    assert after["query + history"] > after["query + another user's history"] + 0.1

    again = invoke(environment, *learn)
    assert again.exit_code != 0
    assert "never overwritten" in again.stderr


def test_a_reranker_learned_from_a_log_ranks_clicked_items_first(
    environment, items, log, tmp_path: Path
) -> None:
    out = tmp_path / "bundle"
    result = invoke(environment, "learn", "reranker", "--items", items, "--events", log,
                    "--epochs", 8, "--out", out, "-q")  # fmt: skip
    assert result.exit_code == 0, result.output
    part = json.loads((out / "manifest.json").read_text())["parts"]["reranker"]
    assert part["learned_from"]["ids"] == 160
    assert [each.parts for each in bundles_of([out], ["s7"], {})] == [("reranker",)]
    assert bundles_of([out], ["s160"], {}) == []
    metrics = part["metrics"]
    learned, fixed = (metrics[f"NDCG@10, {name}"][0] for name in (metrics["winner"], "fixed"))
    assert learned > fixed + 0.1
    model = LearnedReranker.load(out / "reranker")
    assert model.config.kinds == ("search",)
    assert "query_id is missing" in result.stdout


def test_too_few_lists_are_refused(environment, items, judgments, tmp_path: Path) -> None:
    result = invoke(environment, "learn", "reranker", "--items", items, "--judgments", judgments,
                    "--epochs", 2, "--loss", "pairwise", "--lists", 60,
                    "--out", tmp_path / "bundle", "-q")  # fmt: skip
    assert result.exit_code == 2
    assert "lists to learn from" in result.stderr


def test_missing_empty_and_unusable_files_are_refused(
    environment, items, rows, tmp_path: Path
) -> None:
    learn = partial(invoke, environment, "learn", "reranker", "--items", items,
                    "--out", tmp_path / "bundle")  # fmt: skip
    no_file = learn()
    assert no_file.exit_code == 2
    assert "give --rows" in no_file.stderr
    (tmp_path / "empty.jsonl").touch()
    assert "is empty" in learn("--rows", tmp_path / "empty.jsonl").stderr
    no_user = learn("--rows", rows, "--users-not-in", rows)
    assert "nothing to learn from is left" in no_user.stderr
