"""docs/learning.md as a newcomer types it: from simulated visits to a search that they improved."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from plugin_config.node.node_process import free_port
from tests.integration.documentation import Reader, read_page, shell_commands
from tests.integration.serving import Api
from tests.integration.waiting import wait_until

FEWER_VISITORS = {"--users 2400": "--users 500", "-n 400": "-n 120"}
QUICKER = {  # options that a command gets besides those on the page
    "live-intent learn user-model": "--epochs 3 --dims 32 -q",
    "live-intent learn reranker": "--epochs 6 --loss pairwise --lists 600 --negatives 30 -q",
    "live-intent evaluate": "--json -q",
    "live-intent index rebuild": "-q",
}
BOTH = "query + history"
PRECISE = ("running shoes", "office chair", "wireless mouse")  # what a newcomer tries


def shortened(command: str) -> str:
    """Return the command with few visitors and few epochs."""
    for many, few in FEWER_VISITORS.items():
        command = command.replace(many, few)
    for name, options in QUICKER.items():
        if name in command:
            command = f"{command} {options}"
    return command


@pytest.fixture(scope="module")
def reader(environment: dict[str, str], tmp_path_factory) -> Reader:
    own = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LIVE_INTENT_MEANING_DIMS": "64",
        "LIVE_INTENT_DEFAULT_DEADLINE_MS": "5000",  # other work on the machine must not degrade it
        "LIVE_INTENT_PORT": str(free_port()),
        "OMP_NUM_THREADS": "1",
    }
    return Reader(tmp_path_factory.mktemp("learning"), environment | own)


def serve_and_search(reader: Reader, command: str) -> None:
    """Start the service that the page ends with, search once, and end it."""
    log = reader.folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-c", command.replace("live-intent", "exec live-intent")],
            cwd=reader.folder, env=reader.environment, stdout=output, stderr=output,
        )  # fmt: skip
    api = Api(f"http://127.0.0.1:{reader.environment['LIVE_INTENT_PORT']}")

    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        return api.ready()

    try:
        wait_until(ready, 60)
        response = api("POST", "/v1/search", {"session_id": "reader", "query": "headphones"})
        assert response.body["hits"]
        assert not response.body["degraded"]
        for query in PRECISE:
            assert_complete_titles_first(api, query)
    finally:
        process.terminate()
        process.wait(30)


def assert_complete_titles_first(api: Api, query: str) -> None:
    """Check that the first page starts with eight or more items that have all the words."""
    session = query.replace(" ", "-")  # of its own: the earlier queries would count
    body = {"session_id": session, "query": query, "explain": True}
    hits = api("POST", "/v1/search", body).body["hits"]
    complete = [
        all(word in hit["source"]["title"].lower() for word in query.split()) for hit in hits
    ]
    assert complete == sorted(complete, reverse=True), query
    assert sum(complete) >= 8, query
    for hit in hits:
        shares = sum(share["value"] for share in hit["explanation"]["shares"])
        assert shares == pytest.approx(hit["score"], abs=1e-4)


@pytest.mark.node
@pytest.mark.skipif("TRIALS" not in os.environ, reason="a trial, run with TRIALS=1: some minutes")
@pytest.mark.timeout(900)
def test_the_page_s_commands_lead_to_a_better_search(reader: Reader) -> None:
    commands = shell_commands(read_page("docs/learning.md"))
    reports = []
    for command in commands:
        if command.endswith("live-intent serve"):
            serve_and_search(reader, command)
            continue
        output = reader.type(shortened(command))
        if "live-intent evaluate" in command:
            reports.append(json.loads(output))
        if "learn user-model" in command or "learn reranker" in command:
            assert "users kept apart" in output
        if "learn reranker" in command:
            assert "search, precise, without a history" in output
            assert "first pages that change most" in output
    assert sum("live-intent serve" in command for command in commands) == 1
    before, after = (
        {row["label"]: row["measures"]["NDCG@10"]["mean"] for row in report["rows"]}
        for report in (reports[0], reports[-1])
    )
    assert after[BOTH] > before[BOTH] + 0.02
    assert after[BOTH] > after["query + another user's history"] + 0.02
    for row in reports[-1]["rows"]:
        if row["label"] in ("query alone", BOTH):  # another user's history is meant to mislead
            precise = row["by_kind_of_query"]["precise"]["difference_to_baseline"]["NDCG@10"]
            assert precise["count"] > 20
            assert precise["high"] >= 0, f"{row['label']}: what is learned hurts precise queries"
