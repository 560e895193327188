"""`live-intent evaluate search` on a real node, through the command line."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from click.testing import Result

from tests.integration.command_line import invoke
from tests.integration.json_lines import read_json_lines, write_json_lines
from tests.integration.rebuilding import indexes, write_catalogue

pytestmark = pytest.mark.node
Command = Callable[..., Result]


@pytest.fixture
def live_intent(fresh_environment: dict[str, str]) -> Command:
    return partial(invoke, fresh_environment)


@pytest.fixture
def items(tmp_path: Path) -> Path:
    return write_catalogue(tmp_path / "items.jsonl", range(120), popularity=0)


@pytest.fixture
def judgments(tmp_path: Path) -> Path:
    """Item n is a red phone where 20 divides n, and a blue garden hose where it divides n - 1."""
    rows = [("red phone", str(n), 3) for n in range(0, 120, 20)]
    rows += [("red phone", str(n), 2) for n in range(4, 120, 20)]
    rows += [("BLUE hoses", str(n), 2.67) for n in (21, 41, 61)]
    rows += [("yellow boat", "7", 3), ("desk lamp", "3", 1), ("desk lamp", "none", 3)]
    return write_json_lines(
        tmp_path / "judgments.jsonl",
        ({"query": query, "item_id": item_id, "grade": grade} for query, item_id, grade in rows),
    )


@pytest.fixture
def search(live_intent: Command, items: Path, judgments: Path) -> Command:
    """`live-intent evaluate search` on `items` and `judgments`."""
    return partial(live_intent, "evaluate", "search", "--items", items, "--judgments", judgments)


def test_measures_of_words_and_of_words_with_meaning(search: Command) -> None:
    result = search("--json", "--judged-lists")
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
    # Meaning retrieves what no word matches, among the first 100 of 120.
    assert both["measures"]["Recall@100"]["mean"] > 0.6
    for row in (words, both):
        assert row["degraded"] == {}
        for measure in row["measures"].values():
            assert measure["count"] == 3
            assert measure["low"] <= measure["mean"] <= measure["high"]
    assert words["difference_to_first"] == {}
    assert set(both["difference_to_first"]) == set(both["measures"])


def test_the_table_names_the_split_and_the_legs(search: Command) -> None:
    result = search("--legs", "words", "--split", "train", "--relevant", "2", "--quiet")
    assert result.exit_code == 0, result.output
    assert "NDCG@10" in result.stdout
    assert "split: train" in result.stdout
    assert "words" in result.stdout
    assert "+ meaning" not in result.stdout
    assert "NDCG@10 by kind of query" in result.stdout


def test_the_evaluation_index_is_reused_until_cleaned_and_the_shop_s_stays(
    live_intent: Command,
    search: Command,
    items: Path,
    judgments: Path,
    client,
    fresh_names,
    fresh_settings,
    tmp_path: Path,
) -> None:
    shop = write_catalogue(tmp_path / "shop.jsonl", range(30))
    assert live_intent("index", "rebuild", shop, "--quiet").exit_code == 0
    before = indexes(client, fresh_names)

    def evaluation_indexes() -> list[str]:
        return sorted(client.indices.get(index=f"{fresh_names.prefix}evaluate-*", ignore=[404]))

    first = search("--legs", "words")
    assert first.exit_code == 0, first.output
    [index] = evaluation_indexes()
    second = search("--legs", "words")
    assert "is there already" in second.stderr
    assert evaluation_indexes() == [index]
    assert second.stdout == first.stdout

    assert search("--legs", "words", "--fresh").exit_code == 0
    [fresh_index] = evaluation_indexes()
    assert fresh_index != index
    write_catalogue(items, range(119))  # other items, hence another index
    judgments.write_text(judgments.read_text().replace('"7"', '"8"'))
    assert search("--legs", "words", "--clean").exit_code == 0
    assert evaluation_indexes() == [fresh_index]

    cleaned = live_intent("evaluate", "clean")
    assert cleaned.stdout == f"removed {fresh_index}\n"
    assert evaluation_indexes() == []
    assert not list(fresh_settings.bundles_dir.glob("*evaluate*"))
    assert indexes(client, fresh_names) == before
    assert client.count(index=fresh_names.items)["count"] == 30


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ('{"query": "q", "item_id": "unknown", "grade": 3}', "no judgment that can be used"),
        ('{"query": "q", "item_id": "1", "grade": 2}', "none of the 1 queries"),
    ],
)
def test_a_file_without_usable_judgments_is_refused(
    search: Command, judgments: Path, content: str, message: str
) -> None:
    judgments.write_text(content)
    result = search()
    assert result.exit_code == 2
    assert message in result.stderr


def test_an_unknown_leg_is_refused(search: Command) -> None:
    result = search("--legs", "words,person")
    assert result.exit_code == 2
    assert "allowed are words and meaning" in result.stderr


def test_words_find_what_people_judged_relevant_in_homedepot(
    live_intent: Command, dataset, tmp_path: Path
) -> None:
    rows = read_json_lines(dataset("homedepot/judgments.jsonl.gz"))
    queries = set(list(dict.fromkeys(row["query"] for row in rows))[:150])
    judged = [row for row in rows if row["query"] in queries]
    item_ids = {row["item_id"] for row in judged}
    all_items = read_json_lines(dataset("homedepot/items.jsonl.gz"))
    # The judged items, and every fortieth of all.
    part = [row for n, row in enumerate(all_items) if row["item_id"] in item_ids or n % 40 == 0]
    items = write_json_lines(tmp_path / "part.jsonl", part)
    judgments = write_json_lines(tmp_path / "judged.jsonl", judged)
    result = live_intent(
        "evaluate", "search", "--items", items, "--judgments", judgments, "--legs", "words",
        "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    measures = json.loads(result.stdout)["rows"][0]["measures"]
    assert measures["NDCG@10"]["mean"] > 0.4
    assert measures["Recall@100"]["mean"] > 0.8
