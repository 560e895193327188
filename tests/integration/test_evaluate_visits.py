"""`live-intent evaluate next-item` and `personalised-search` on a real node, as processes."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from benchmarks.rows import broad_rows
from indexer.index.documents import from_float16_base64
from live_intent.main import cli
from plugin_config.schema import VECTOR_FLOAT16
from query_service.retrieval.legs import LEGS
from query_service.retrieval.plan import MEANING, PERSON, RetrievalPlan
from query_service.retrieval.search import retrieve
from tests.integration.rebuilding import tiny_model, write_catalogue

pytestmark = pytest.mark.node
AMAZON = Path(os.environ.get("DATASETS_DIR", "../shared/data")) / "amazon_games"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def environment(node_url, names, tmp_path_factory) -> dict[str, str]:
    return {
        "LIVE_INTENT_OPENSEARCH_URL": node_url,
        "LIVE_INTENT_OPENSEARCH_TIMEOUT_S": "60",
        "LIVE_INTENT_INDEX_PREFIX": names.prefix,
        "LIVE_INTENT_BUNDLES_DIR": str(tmp_path_factory.mktemp("bundles")),
        "LIVE_INTENT_ENCODER": tiny_model(),
        "LIVE_INTENT_MEANING_DIMS": "80",
        "LIVE_INTENT_BEHAVIOUR_DIMS": "40",
    }


@pytest.fixture(scope="module")
def run(environment) -> Run:
    """The command as a process, as a user calls it."""

    def command(*arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "live_intent.main", "evaluate", *map(str, arguments)]
        return subprocess.run(
            line, env=os.environ | environment | settings, capture_output=True, text=True,
            timeout=240, check=False,
        )  # fmt: skip

    return command


@pytest.fixture(scope="module")
def items(tmp_path_factory) -> Path:
    """Five things in four colours: item n is thing n % 5 in colour n % 4."""
    return write_catalogue(
        tmp_path_factory.mktemp("items") / "items.jsonl", range(200), popularity=0, price=5
    )


def written(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


@pytest.fixture
def sequences(tmp_path: Path) -> Path:
    """Forty users who each stay with one thing in one colour, and rows that can't be used."""
    rows: list[dict[str, object]] = [
        {"user_id": f"u {user}", "item_ids": [str((user + 20 * n) % 200) for n in range(5)]}
        for user in range(40)
    ]
    rows += [
        {"user_id": "one", "item_ids": ["1"]},
        {"user_id": "lost", "item_ids": ["1", "none"]},
    ]
    return written(tmp_path / "sequences.jsonl", rows)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Who asks for a colour after things of one kind wants that thing in that colour."""
    colours = ("red", "blue", "green", "black")
    made: list[dict[str, object]] = []
    for user in range(40):
        target = user + 60
        like = [n for n in range(200) if n % 5 == target % 5 and n % 4 != target % 4][user % 7 :]
        history = [{"item_id": str(n), "action": "purchase"} for n in like[:6]]
        query = colours[target % 4]
        made.append({"user_id": str(user), "query": query, "history": history,
                     "target": str(target)})  # fmt: skip
    made.append({"user_id": "x", "query": "red", "history": ["none"], "target": "1"})
    made.append({"user_id": "y", "query": "", "history": ["2"], "target": "1"})
    return written(tmp_path / "rows.jsonl", made)


def means(report: dict, label: str) -> dict[str, float]:
    row = next(row for row in report["rows"] if row["label"] == label)
    return {name: interval["mean"] for name, interval in row["measures"].items()}


def test_the_next_item_among_negatives_and_among_all(run: Run, items, sequences) -> None:
    given = ("next-item", "--items", items, "--sequences", sequences, "--negatives", "30",
             "--users", "20", "--json", "--quiet")  # fmt: skip
    result = run(*given)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["users"] == "20 asked of 40"
    assert report["popularity"] == "as in the catalogue"
    assert any("fewer than two items" in line for line in report["remarks"])
    assert any("the last item is not among the items" in line for line in report["remarks"])
    assert [row["label"] for row in report["rows"]] == ["popularity", "random", "history"]
    ours = means(report, "history")
    assert set(ours) == {"NDCG@10", "Recall@10", "MRR"} | {
        f"all items: {name}" for name in ("NDCG@10", "Recall@10", "MRR", "Recall@100")
    }
    assert ours["NDCG@10"] > 2 * means(report, "random")["NDCG@10"]
    assert ours["all items: NDCG@10"] > means(report, "random")["all items: NDCG@10"]
    for row in report["rows"]:
        assert row["degraded"] == {}
        assert all(measure["count"] == 20 for measure in row["measures"].values())

    exact = json.loads(run(*given, "--exact", "--popularity-from", sequences).stdout)
    assert exact["k-NN"].startswith("exact")
    assert exact["popularity"].startswith("counted from 20 users of sequences.jsonl")

    few = (*given[:-3], "2", "--ablate", "--json", "--quiet")
    asked = json.loads(run(*few).stdout)
    assert asked["rows"][-1]["label"] == "layout concat in place of sum"
    large = json.loads(run(*few, LIVE_INTENT_MEANING_DIMS="200").stdout)  # the encoder has 128
    assert not any(row["label"].startswith("layout") for row in large["rows"])
    assert "less than 200 dimensions" in " ".join(large["remarks"])

    # What is drawn is the same in every run.
    for label in ("popularity", "random"):
        assert means(exact, label)["NDCG@10"] > 0
    assert means(exact, "random") == means(report, "random")


def test_a_query_and_a_history_and_each_alone(run: Run, items, rows) -> None:
    given = ("personalised-search", "--items", items, "--rows", rows)
    result = run(*given, "--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["queries"] == "40 of 40 users"
    assert any("no event of its history can be used" in line for line in report["remarks"])
    assert any("its query is empty" in line for line in report["remarks"])
    both = means(report, "query + history")
    assert both["NDCG@10"] > means(report, "query alone")["NDCG@10"]
    assert both["NDCG@10"] > means(report, "query + another user's history")["NDCG@10"]
    assert both["NDCG@10"] > means(report, "history alone")["NDCG@10"]
    assert both["Recall@100"] == 1
    assert set(report["rows"][2]["difference_to_first"]) == {
        "NDCG@10", "Recall@10", "MRR", "Recall@100",
    }  # fmt: skip

    ablation = run(*given, "--ablate", "--json", "--users", 12)
    assert ablation.returncode == 0, ablation.stderr
    found = json.loads(ablation.stdout)["rows"]
    assert found[0]["label"] == "whole"
    labels = {row["label"] for row in found}
    assert {"without D_B", "without the leg person", "re-ranker without affinity"} <= labels
    assert found[-1]["label"] == "layout concat in place of sum"
    without = {row["label"]: row["difference_to_first"]["NDCG@10"] for row in found[1:]}
    assert without["re-ranker without affinity"]["mean"] != 0
    for row in found[1:]:
        better = row["difference_to_first"]["NDCG@10"]["low"] > 0
        assert row.get("note", "") == ("does not pay" if better else "")


@pytest.mark.parametrize(
    ("task", "option", "content", "told"),
    [
        ("next-item", "--sequences", "", "is empty"),
        ("personalised-search", "--rows", "", "is empty"),
        (
            "next-item",
            "--sequences",
            '{"user_id": "1", "item_ids": ["none", "such"]}',
            "the last item is not among the items",
        ),
        (
            "personalised-search",
            "--rows",
            '{"user_id": "1", "query": "red", "history": ["1"], "target": "none"}',
            "the target is not among the items",
        ),
        (
            "personalised-search",
            "--rows",
            '{"user_id": "1", "history": ["1"], "target": "2"}',
            "has a query",
        ),
        (
            "personalised-search",
            "--rows",
            '{"user_id": "1", "query": "red", "history": ["1"], "target": "2"}',
            "no other user's history",
        ),
    ],
)
def test_files_that_ask_nothing(
    environment, items, tmp_path: Path, task: str, option: str, content: str, told: str
) -> None:
    file = tmp_path / "asked.jsonl"
    file.write_text(content)
    result = refused(environment, task, "--items", items, option, file)
    assert told in result.stderr


def refused(environment: dict[str, str], *arguments: object) -> Result:
    line = ["evaluate", *map(str, arguments)]
    result = CliRunner().invoke(cli, line, env=environment)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    return result


def test_nobody_left_to_ask_or_to_count(environment, items, sequences) -> None:
    given = ("next-item", "--items", items, "--sequences", sequences)
    nobody = refused(environment, *given, "--users-not-in", sequences)
    assert "none of the 40 users is left" in nobody.stderr
    unpopular = refused(environment, *given, "--popularity-from", sequences)
    assert "to count popularity from" in unpopular.stderr


def test_brute_force_and_graph_score_alike(run: Run, items, rows, client) -> None:
    """The engine's exact k-NN against its HNSW, and against inner products in numpy."""
    made = run("personalised-search", "--items", items, "--rows", rows, "-q", "--json")
    index = json.loads(made.stdout)["index"]
    found = client.search(
        index=index, body={"size": 200, "_source": [VECTOR_FLOAT16], "query": {"match_all": {}}}
    )
    ids = [hit["_id"] for hit in found["hits"]["hits"]]
    vectors = np.stack(
        [from_float16_base64(hit["_source"][VECTOR_FLOAT16]) for hit in found["hits"]["hits"]]
    )
    taste = vectors[:3].mean(axis=0)
    # Away from the taste too: below 0 the engine's score is another function of the product.
    for R in (taste, -taste):
        plan = RetrievalPlan(LEGS, query_text="red", query_vector=R, R=R, k=20)
        exact = retrieve(client, index, replace(plan, exact=True), vectors.shape[1])
        graph = retrieve(client, index, plan, vectors.shape[1])
        assert not exact.failed
        products = dict(zip(ids, (vectors @ R).tolist(), strict=True))
        best = sorted(ids, key=lambda item_id: -products[item_id])[:20]
        for each in (exact, graph):
            found = each.candidates
            for leg in (MEANING, PERSON):
                scores = dict(zip(found.ids, found.scores_of(leg), strict=True))
                has = [i for i, score in scores.items() if np.isfinite(score)]
                assert len(has) == 20
                for item_id in has:
                    assert scores[item_id] == pytest.approx(products[item_id], abs=2e-3)
        found = exact.candidates
        by_meaning = np.isfinite(found.scores_of(MEANING))
        nearest = [i for i, has in zip(found.ids, by_meaning, strict=True) if has]
        worst = min(products[item_id] for item_id in nearest)
        assert worst == pytest.approx(products[best[-1]], abs=2e-3)


def test_on_real_behaviour(run: Run, tmp_path: Path) -> None:
    """A part of amazon_games' training users: the own history helps, another one does not."""
    if not AMAZON.is_dir():
        pytest.skip(f"the data set amazon_games is not at {AMAZON} (set DATASETS_DIR)")

    def read(name: str) -> list[dict]:
        with gzip.open(AMAZON / name, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    test = {row["user_id"] for row in read("broad_query.jsonl.gz")}
    training = [row for row in read("sequences.jsonl.gz") if row["user_id"] not in test]
    titles = {row["item_id"]: row["title"] for row in read("items.jsonl.gz")}
    taken, popular = training[::120], training[60::120]
    wanted = {item_id for row in [*taken, *popular] for item_id in row["item_ids"]}
    items = written(
        tmp_path / "items.jsonl",
        [{"item_id": i, "title": title} for i, title in titles.items() if i in wanted],
    )
    everybody = written(tmp_path / "sequences.jsonl", [*taken, *popular])
    asked = written(tmp_path / "rows.jsonl", list(broad_rows(taken, titles)))
    result = run(
        "personalised-search", "--items", items, "--rows", asked, "--popularity-from", everybody,
        "--json", "-q",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    both = means(report, "query + history")
    assert both["NDCG@10"] > means(report, "query + another user's history")["NDCG@10"]
    assert both["Recall@100"] > 0.8
