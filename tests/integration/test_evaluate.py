"""`live-intent evaluate search` on a real node, through the command line."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from live_intent.main import cli
from tests.integration.rebuilding import indexes, tiny_model, write_catalogue

pytestmark = pytest.mark.node
HOMEDEPOT = Path(os.environ.get("DATASETS_DIR", "../shared/data")) / "homedepot"
Run = Callable[..., Result]


@pytest.fixture
def run(node_url, fresh_names, tmp_path: Path) -> Run:
    environment = {
        "LIVE_INTENT_OPENSEARCH_URL": node_url,
        "LIVE_INTENT_OPENSEARCH_TIMEOUT_S": "60",
        "LIVE_INTENT_INDEX_PREFIX": fresh_names.prefix,
        "LIVE_INTENT_BUNDLES_DIR": str(tmp_path / "bundles"),
        "LIVE_INTENT_ENCODER": tiny_model(),
    }
    return lambda *arguments: CliRunner().invoke(cli, [str(a) for a in arguments], env=environment)


@pytest.fixture
def items(tmp_path: Path) -> Path:
    return write_catalogue(tmp_path / "items.jsonl", range(120), popularity=0)


@pytest.fixture
def judgments(tmp_path: Path) -> Path:
    """Red phones are the numbers that 20 divides, blue garden hoses 1 + those, by construction."""
    rows = [{"query": "red phone", "item_id": str(n), "grade": 3} for n in range(0, 120, 20)]
    rows += [{"query": "red phone", "item_id": str(n), "grade": 2} for n in range(4, 120, 20)]
    rows += [{"query": "BLUE hoses", "item_id": str(n), "grade": 2.67} for n in (21, 41, 61)]
    rows += [{"query": "yellow boat", "item_id": "7", "grade": 3}]
    rows += [{"query": "desk lamp", "item_id": "3", "grade": 1}]
    rows += [{"query": "desk lamp", "item_id": "none", "grade": 3}]
    path = tmp_path / "judgments.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def test_measures_of_each_way_of_ranking_and_what_was_left_out(run, items, judgments) -> None:
    given = ("--items", items, "--judgments", judgments)
    result = run("evaluate", "search", *given, "--json", "--judged-lists")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["items"] == "120 of items.jsonl"
    assert report["queries"].startswith("3 asked, 1 left out")
    assert report["remarks"] == ["1 row left out: the item is not among the items (line 18: none)"]
    words, both = report["rows"]
    assert (words["label"], both["label"]) == ("words", "words + meaning")
    # Red phones come first; of six blue hoses, alike to the engine, three are judged; no boat.
    assert words["measures"]["Recall@10"]["mean"] == pytest.approx((1 + 1 + 0) / 3)
    assert 0.45 < words["measures"]["NDCG@10"]["mean"] <= 2 / 3
    assert words["measures"]["judged NDCG@5"]["mean"] == pytest.approx(1)
    # Meaning finds what no word matches, among the first 100 of 120.
    assert both["measures"]["Recall@100"]["mean"] > 0.6
    for row in (words, both):
        assert row["degraded"] == {}
        for measure in row["measures"].values():
            assert measure["count"] == 3
            assert measure["low"] <= measure["mean"] <= measure["high"]
    assert words["difference_to_first"] == {}
    assert set(both["difference_to_first"]) == set(both["measures"])


def test_the_table_and_the_parts_of_the_queries(run, items, judgments) -> None:
    result = run(
        "evaluate", "search", "--items", items, "--judgments", judgments, "--legs", "words",
        "--split", "train", "--relevant", "2", "--quiet",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "NDCG@10" in result.stdout
    assert "split: train" in result.stdout
    assert "words" in result.stdout
    assert "meaning" not in result.stdout


def test_the_index_is_kept_for_the_next_run_and_the_shops_own_left_alone(
    run, items, judgments, client, fresh_names, tmp_path: Path
) -> None:
    shop = write_catalogue(tmp_path / "shop.jsonl", range(30))
    assert run("index", "rebuild", shop, "--quiet").exit_code == 0
    before = indexes(client, fresh_names)

    def made() -> list[str]:
        return sorted(client.indices.get(index=f"{fresh_names.prefix}evaluate-*", ignore=[404]))

    given = ("evaluate", "search", "--items", items, "--judgments", judgments, "--legs", "words")
    first = run(*given)
    assert first.exit_code == 0, first.output
    (kept,) = made()
    second = run(*given)
    assert "is there already" in second.stderr
    assert made() == [kept]
    assert second.stdout == first.stdout

    assert run(*given, "--fresh").exit_code == 0
    (anew,) = made()
    assert anew != kept
    write_catalogue(items, range(119))
    judgments.write_text(judgments.read_text().replace('"7"', '"8"'))
    assert run(*given, "--clean").exit_code == 0  # of other items, hence another index
    assert made() == [anew]

    cleaned = run("evaluate", "clean")
    assert cleaned.output == f"removed {anew}\n"
    assert made() == []
    assert not list((tmp_path / "bundles").glob("*evaluate*"))
    assert indexes(client, fresh_names) == before
    assert client.count(index=fresh_names.items)["count"] == 30


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        ('{"query": "q", "item_id": "unknown", "grade": 3}', "no judgment that can be used"),
        ('{"query": "q", "item_id": "1", "grade": 2}', "none of the 1 queries"),
    ],
)
def test_judgments_that_judge_nothing(run, items, judgments, content: str, told: str) -> None:
    judgments.write_text(content)
    result = run("evaluate", "search", "--items", items, "--judgments", judgments)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_leg_that_is_none(run, items, judgments) -> None:
    result = run(
        "evaluate", "search", "--items", items, "--judgments", judgments, "--legs", "words,person"
    )
    assert result.exit_code == 2
    assert "allowed are words and meaning" in result.stderr


def test_on_real_queries(run, tmp_path: Path) -> None:
    """A part of homedepot: words find what people judged relevant, among items of all kinds."""
    if not HOMEDEPOT.is_dir():
        pytest.skip(f"the data set homedepot is not at {HOMEDEPOT} (set DATASETS_DIR)")
    with gzip.open(HOMEDEPOT / "judgments.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    queries = set(list(dict.fromkeys(row["query"] for row in rows))[:150])
    judged = [row for row in rows if row["query"] in queries]
    wanted = {row["item_id"] for row in judged}
    with gzip.open(HOMEDEPOT / "items.jsonl.gz", "rt", encoding="utf-8") as lines:
        kept = [
            line
            for place, line in enumerate(lines)
            if json.loads(line)["item_id"] in wanted or place % 40 == 0
        ]
    (tmp_path / "part.jsonl").write_text("".join(kept))
    (tmp_path / "judged.jsonl").write_text("\n".join(json.dumps(row) for row in judged))
    result = run(
        "evaluate", "search", "--items", tmp_path / "part.jsonl",
        "--judgments", tmp_path / "judged.jsonl", "--legs", "words", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    measures = json.loads(result.stdout)["rows"][0]["measures"]
    assert measures["NDCG@10"]["mean"] > 0.4
    assert measures["Recall@100"]["mean"] > 0.8
