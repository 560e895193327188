"""`live-intent evaluate personalised-search --engine plugin`."""

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
                "user_id": str(user),
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
    left = client.indices.get(index=f"{names.prefix}evaluate-*", params={"expand_wildcards": "all"})
    assert all("-items-" in index for index in left)
