"""`live-intent evaluate next-item` and `personalised-search` on a real node, as processes."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.relevance.rows import broad_rows
from indexer.index.documents import from_float16_base64
from plugin_config.schema import VECTOR_FLOAT16
from query_service.retrieval.candidates.candidate_items import CandidateItems
from query_service.retrieval.candidates.candidates import Candidates
from query_service.retrieval.legs import LEGS
from query_service.retrieval.plan import MEANING, PERSON, RetrievalPlan
from query_service.retrieval.search import retrieve
from tests.integration.command_line import invoke, run
from tests.integration.json_lines import read_json_lines, write_json_lines
from tests.integration.rebuilding import COLOURS, write_catalogue

pytestmark = pytest.mark.node
Evaluate = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def environment(environment: dict[str, str]) -> dict[str, str]:
    """With a layout `concat` that the small encoder's 128 dimensions allow."""
    return environment | {"LIVE_INTENT_MEANING_DIMS": "80", "LIVE_INTENT_BEHAVIOUR_DIMS": "40"}


@pytest.fixture(scope="module")
def evaluate(environment: dict[str, str]) -> Evaluate:
    """`live-intent evaluate` as a process; keywords are further environment variables."""

    def command(*arguments: object, **variables: str) -> "subprocess.CompletedProcess[str]":
        return run(environment | variables, "evaluate", *arguments)

    return command


@pytest.fixture(scope="module")
def items(tmp_path_factory) -> Path:
    """Items of five kinds in four colours, alike in popularity and price."""
    path = tmp_path_factory.mktemp("items") / "items.jsonl"
    return write_catalogue(path, range(200), popularity=0, price=5)


@pytest.fixture
def sequences(tmp_path: Path) -> Path:
    """Forty users who each stay with one kind in one colour, and two rows that can't be used."""
    rows: list[dict[str, object]] = [
        {"user_id": f"u {user}", "item_ids": [str((user + 20 * n) % 200) for n in range(5)]}
        for user in range(40)
    ]
    rows.append({"user_id": "one", "item_ids": ["1"]})
    rows.append({"user_id": "lost", "item_ids": ["1", "none"]})
    return write_json_lines(tmp_path / "sequences.jsonl", rows)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Forty users who bought one kind in other colours, and search for it by the colour alone."""
    rows: list[dict[str, object]] = []
    for user in range(40):
        target = user + 60
        same_kind = [n for n in range(200) if n % 5 == target % 5 and n % 4 != target % 4]
        bought = same_kind[user % 7 :][:6]
        history = [{"item_id": str(n), "action": "purchase"} for n in bought]
        rows.append({"user_id": str(user), "query": COLOURS[target % 4], "history": history,
                     "target": str(target)})  # fmt: skip
    rows.append({"user_id": "x", "query": "red", "history": ["none"], "target": "1"})
    rows.append({"user_id": "y", "query": "", "history": ["2"], "target": "1"})
    return write_json_lines(tmp_path / "rows.jsonl", rows)


def means(report: dict, label: str) -> dict[str, float]:
    """Return the mean of each measure in a report's row."""
    row = next(row for row in report["rows"] if row["label"] == label)
    return {name: interval["mean"] for name, interval in row["measures"].items()}


def test_the_next_item_among_negatives_and_among_all_items(
    evaluate: Evaluate, items, sequences
) -> None:
    options = ("--items", items, "--sequences", sequences, "--negatives", 30, "--json", "--quiet")
    result = evaluate("next-item", *options, "--users", 20)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["users"] == "20 asked of 40"
    assert report["popularity"] == "as in the catalogue"
    assert any("fewer than two items" in remark for remark in report["remarks"])
    assert any("the last item is not among the items" in remark for remark in report["remarks"])
    assert [row["label"] for row in report["rows"]] == ["popularity", "random", "history"]
    history = means(report, "history")
    assert set(history) == {"NDCG@10", "Recall@10", "MRR"} | {
        f"all items: {name}" for name in ("NDCG@10", "Recall@10", "MRR", "Recall@100")
    }
    assert history["NDCG@10"] > 2 * means(report, "random")["NDCG@10"]
    assert history["all items: NDCG@10"] > means(report, "random")["all items: NDCG@10"]
    for row in report["rows"]:
        assert row["degraded"] == {}
        assert all(measure["count"] == 20 for measure in row["measures"].values())

    result = evaluate(
        "next-item", *options, "--users", 20, "--exact", "--popularity-from", sequences
    )
    exact = json.loads(result.stdout)
    assert exact["k-NN"].startswith("exact")
    assert exact["popularity"].startswith("counted from 20 users of sequences.jsonl")

    ablate = ("next-item", *options, "--users", 2, "--ablate")
    ablation = json.loads(evaluate(*ablate).stdout)
    assert ablation["rows"][-1]["label"] == "layout concat in place of sum"
    # The encoder has 128 dimensions: too few for a meaning half of 200.
    too_large = json.loads(evaluate(*ablate, LIVE_INTENT_MEANING_DIMS="200").stdout)
    assert not any(row["label"].startswith("layout") for row in too_large["rows"])
    assert "less than 200 dimensions" in " ".join(too_large["remarks"])

    # Random draws are the same in every run.
    for label in ("popularity", "random"):
        assert means(exact, label)["NDCG@10"] > 0
    assert means(exact, "random") == means(report, "random")


def test_query_with_history_ranks_better_than_either_alone(evaluate: Evaluate, items, rows) -> None:
    command = ("personalised-search", "--items", items, "--rows", rows, "--json")
    result = evaluate(*command)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["queries"] == "40 of 40 users"
    assert any("no event of its history can be used" in remark for remark in report["remarks"])
    assert any("its query is empty" in remark for remark in report["remarks"])
    both = means(report, "query + history")
    assert both["NDCG@10"] > means(report, "query alone")["NDCG@10"]
    assert both["NDCG@10"] > means(report, "query + another user's history")["NDCG@10"]
    assert both["NDCG@10"] > means(report, "history alone")["NDCG@10"]
    assert both["Recall@100"] == 1
    assert set(report["rows"][2]["difference_to_first"]) == {
        "NDCG@10", "Recall@10", "MRR", "Recall@100",
    }  # fmt: skip

    result = evaluate(*command, "--ablate", "--users", 12)
    assert result.returncode == 0, result.stderr
    ablations = json.loads(result.stdout)["rows"]
    assert ablations[0]["label"] == "whole"
    labels = {row["label"] for row in ablations}
    assert {"without D_B", "without the leg person", "re-ranker without affinity"} <= labels
    assert ablations[-1]["label"] == "layout concat in place of sum"
    differences = {row["label"]: row["difference_to_first"]["NDCG@10"] for row in ablations[1:]}
    assert differences["re-ranker without affinity"]["mean"] != 0
    for row in ablations[1:]:
        better = differences[row["label"]]["low"] > 0
        assert row.get("note", "") == ("does not pay" if better else "")


def refusal(environment: dict[str, str], *arguments: object) -> str:
    """Run `live-intent evaluate`, which must refuse its arguments; return the message."""
    result = invoke(environment, "evaluate", *arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.mark.parametrize(
    ("task", "option", "content", "message"),
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
def test_a_file_without_usable_rows_is_refused(
    environment, items, tmp_path: Path, task: str, option: str, content: str, message: str
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(content)
    assert message in refusal(environment, task, "--items", items, option, file)


def test_user_lists_that_leave_no_user_are_refused(environment, items, sequences) -> None:
    next_item = ("next-item", "--items", items, "--sequences", sequences)
    nobody = refusal(environment, *next_item, "--users-not-in", sequences)
    assert "none of the 40 users is left" in nobody
    unpopular = refusal(environment, *next_item, "--popularity-from", sequences)
    assert "to count popularity from" in unpopular


def assert_scores(candidates: Candidates, leg: str, products: dict[str, float]) -> list[str]:
    """Check that a leg scored 20 candidates by the inner product; return their ids."""
    scores = dict(zip(candidates.ids, candidates.scores_of(leg), strict=True))
    ids = [item_id for item_id, score in scores.items() if np.isfinite(score)]
    assert len(ids) == 20
    for item_id in ids:
        assert scores[item_id] == pytest.approx(products[item_id], abs=2e-3)
    return ids


def test_exact_and_hnsw_retrieval_score_by_the_inner_product(
    evaluate: Evaluate, items, rows, client
) -> None:
    """The engine's exact k-NN against its HNSW, and against inner products in numpy."""
    report = evaluate("personalised-search", "--items", items, "--rows", rows, "-q", "--json")
    index = json.loads(report.stdout)["index"]
    hits = client.search(
        index=index, body={"size": 200, "_source": [VECTOR_FLOAT16], "query": {"match_all": {}}}
    )["hits"]["hits"]
    item_ids = [hit["_id"] for hit in hits]
    vectors = np.stack([from_float16_base64(hit["_source"][VECTOR_FLOAT16]) for hit in hits])
    mean = vectors[:3].mean(axis=0)
    items = CandidateItems(client)
    # Also the opposite vector: below 0 the engine's score is another function of the product.
    for R in (mean, -mean):
        plan = RetrievalPlan(LEGS, query_text="red", query_vector=R, R=R, k=20)
        exact = retrieve(client, index, replace(plan, exact=True), vectors.shape[1], items)
        hnsw = retrieve(client, index, plan, vectors.shape[1], items)
        assert not exact.failed
        products = dict(zip(item_ids, (vectors @ R).tolist(), strict=True))

        for each in (exact, hnsw):
            for leg in (MEANING, PERSON):
                assert_scores(each.candidates, leg, products)
        ids = assert_scores(exact.candidates, MEANING, products)
        lowest = min(products[item_id] for item_id in ids)
        assert lowest == pytest.approx(sorted(products.values())[-20], abs=2e-3)


def test_on_amazon_games_only_the_user_s_own_history_helps(
    evaluate: Evaluate, dataset, tmp_path: Path
) -> None:
    """On a part of the training users: the test users are left out."""
    test_rows = read_json_lines(dataset("amazon_games/broad_query.jsonl.gz"))
    test_users = {row["user_id"] for row in test_rows}
    sequences = read_json_lines(dataset("amazon_games/sequences.jsonl.gz"))
    training = [row for row in sequences if row["user_id"] not in test_users]
    all_items = read_json_lines(dataset("amazon_games/items.jsonl.gz"))
    titles = {row["item_id"]: row["title"] for row in all_items}
    searching, others = training[::120], training[60::120]
    item_ids = {item_id for row in [*searching, *others] for item_id in row["item_ids"]}
    items = write_json_lines(
        tmp_path / "items.jsonl",
        ({"item_id": i, "title": title} for i, title in titles.items() if i in item_ids),
    )
    popularity = write_json_lines(tmp_path / "sequences.jsonl", [*searching, *others])
    rows = write_json_lines(tmp_path / "rows.jsonl", broad_rows(searching, titles))
    result = evaluate(
        "personalised-search", "--items", items, "--rows", rows, "--popularity-from", popularity,
        "--json", "-q",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    both = means(report, "query + history")
    assert both["NDCG@10"] > means(report, "query + another user's history")["NDCG@10"]
    assert both["Recall@100"] > 0.8


def test_a_floor_of_exposure_brings_the_group_more_of_it(
    evaluate: Evaluate, items, rows, tmp_path
) -> None:
    lines = map(json.loads, items.read_text().splitlines())
    catalogue = [row | {"popularity": n % 10} for n, row in enumerate(lines)]
    varied = write_json_lines(tmp_path / "items.jsonl", catalogue)
    options = ("--items", varied, "--rows", rows, "--share", 0.9, "--max-cost", 1)
    result = evaluate("exposure", *options, "--json", "--quiet")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["queries"] == "40, each with its history"
    assert any("its query is empty" in remark for remark in report["remarks"])
    without, floor = (row["label"] for row in report["rows"])
    assert (without, floor) == ("no floor", "long_tail 0.9, cost to 1")
    shares = [means(report, label)["exposure of long_tail"] for label in (without, floor)]
    assert shares[0] < shares[1]
