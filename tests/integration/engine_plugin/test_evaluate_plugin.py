"""`live-intent evaluate search` and `personalised-search` with `--engine plugin`."""

import json
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from plugin_config.schema import IndexNames
from tests.integration.command_line import run
from tests.integration.rebuilding import COLOURS, write_catalogue, write_json_lines

pytestmark = pytest.mark.node


def test_the_plugin_uses_the_history_as_the_service_does(
    client: OpenSearch, names: IndexNames, environment: dict[str, str], tmp_path: Path
) -> None:
    items = write_catalogue(tmp_path / "items.jsonl", range(100), popularity=0, price=5)
    visits = []
    for user in range(12):
        target = user + 40
        same_kind = [n for n in range(100) if n % 5 == target % 5 and n % 4 != target % 4]
        history = [{"item_id": str(n), "action": "purchase"} for n in same_kind[user % 4 :][:6]]
        visits.append(
            {
                "user_id": str(user // 2),  # intervals are over users
                "query": COLOURS[target % 4],
                "history": history,
                "target": str(target),
            }
        )
    rows = write_json_lines(tmp_path / "rows.jsonl", visits)
    command = ("evaluate", "personalised-search", "--items", items, "--rows", rows, "--json")
    result = run(environment, *command, "--engine", "plugin")
    assert result.returncode == 0, result.stderr
    report = {row["label"]: row for row in json.loads(result.stdout)["rows"]}
    alone, service = report["query alone"], report["query + history"]
    for label in ("query + history, plugin", "query + history, plugin with the person leg"):
        measures = report[label]["measures"]
        assert measures["NDCG@10"]["mean"] > alone["measures"]["NDCG@10"]["mean"]
        assert measures["NDCG@10"]["mean"] == pytest.approx(
            service["measures"]["NDCG@10"]["mean"], abs=0.2
        )
        assert set(report[label]["difference_to_first"]) == set(measures)
        assert report[label]["peer"] == "query + history"
        assert measures["NDCG@10"]["count"] == 6
    left = client.indices.get(index=f"{names.prefix}evaluate-*", params={"expand_wildcards": "all"})
    assert all("-items-" in index for index in left)


def test_judged_queries_get_what_a_plain_search_of_their_words_finds(
    names: IndexNames, environment: dict[str, str], tmp_path: Path
) -> None:
    items = write_catalogue(tmp_path / "items.jsonl", range(120), popularity=0, price=5)
    judged = [
        {"query": query, "item_id": str(n), "grade": 3}
        for query, of_query in (("red phone", range(0, 120, 20)), ("seat", (2, 7, 12)))
        for n in of_query
    ]
    judgments = write_json_lines(tmp_path / "judgments.jsonl", judged)
    files = ("--items", items, "--judgments", judgments)
    command = ("evaluate", "search", *files, "--json", "--judged-lists")
    result = run(environment, *command, "--engine", "plugin")
    assert result.returncode == 0, result.stderr
    words, both, plugin = json.loads(result.stdout)["rows"]
    assert [row["label"] for row in (words, both, plugin)] == ["words", "words + meaning", "plugin"]
    assert plugin["peer"] == "words + meaning"
    assert set(plugin["difference_to_peer"]) == {"NDCG@10", "Recall@10", "Recall@100"}
    assert plugin["measures"]["Recall@10"]["mean"] == pytest.approx(
        words["measures"]["Recall@10"]["mean"]
    )
    assert plugin["degraded"] == {}
