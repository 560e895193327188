"""The log of an outage: each reason once, then counts that add up, also at the end."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from plugin_config.settings import ClusterSettings
from tests.integration.cluster_proxy import ClusterProxy
from tests.integration.serve_process import serve
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
SEARCH = {"query": "desk lamp", "session_id": "flood", "deadline_ms": 1000}


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def logged(lines: list[dict[str, Any]]) -> "Counter[str]":
    """How often the log says that each kind of warning came."""
    counts: Counter[str] = Counter()
    for line in lines:
        if line["level"] in ("warning", "error"):
            message = line["message"].split(" [")[0].split(" s: ")[-1]
            counts[message.split(": ")[0]] += line.get("repeated", 1)
    return counts


def test_the_log_of_an_outage_has_each_reason_once_and_counts_all(
    shop: ClusterSettings, environment: dict[str, str], node_url: str, tmp_path: Path
) -> None:
    proxy = ClusterProxy(node_url)
    settings = {"LIVE_INTENT_OPENSEARCH_URL": proxy.url, "LIVE_INTENT_LOG_FORMAT": "json"}
    with serve(environment | settings, tmp_path) as running:
        api = running.api()
        wait_until(api.ready)
        proxy.close()
        statuses: Counter[int] = Counter()

        def search() -> bool:
            statuses[api("POST", "/v1/search", SEARCH).status] += 1
            return any("repeated" in line for line in lines_of(running.output))

        for _ in range(100):
            search()
        wait_until(search, 30)  # the counts of the first interval are written
        for _ in range(50):
            search()
        running.end()
    lines = lines_of(running.output)
    assert set(statuses) == {503}
    assert logged(lines)["answered 503"] == statuses[503]
    warnings = [line for line in lines if line["level"] in ("warning", "error")]
    assert len(warnings) < 40, warnings
    failed = [line for line in lines if line.get("status") == 503 and line["route"] == "/v1/search"]
    assert len(failed) == statuses[503]  # each by its request's id
    assert {line["problem"] for line in failed} == {"ClusterUnavailable"}
    assert all(line["request_id"] in line["message"] for line in failed)
