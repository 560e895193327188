"""The command `live-intent serve`: it says where it answers, why it can't, and ends as told."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from tests.integration.rebuilding import TINY, index_context, rebuilt, tiny_model
from tests.integration.serving import Api, ids, start_serve, wait_for, write_items

pytestmark = pytest.mark.node
READY_S = 120


@pytest.fixture(scope="module")
def environment(
    client: OpenSearch, names: IndexNames, node_url: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Settings of a service on a small index."""
    folder = tmp_path_factory.mktemp("serve")
    encoder = load_encoder(load(EncoderSettings, encoder=tiny_model(), device="cpu", **TINY))
    cluster = load(ClusterSettings, state_dir=folder)
    catalogue = write_items(folder / "items.jsonl", 30)
    rebuilt(index_context(client, names, cluster.bundles_dir), encoder, catalogue)
    return {
        "LIVE_INTENT_OPENSEARCH_URL": node_url,
        "LIVE_INTENT_INDEX_PREFIX": names.prefix,
        "LIVE_INTENT_STATE_DIR": str(folder),
        "LIVE_INTENT_ENCODER": tiny_model(),
        "LIVE_INTENT_MEANING_DIMS": "40",
        "LIVE_INTENT_BEHAVIOUR_DIMS": "20",
        "LIVE_INTENT_DEVICE": "cpu",
        "LIVE_INTENT_DEFAULT_DEADLINE_MS": "20000",
    }


@contextmanager
def serve(environment: dict[str, str], folder: Path, *arguments: str) -> Iterator[tuple[Any, Path]]:
    log = folder / "serve.log"
    process = start_serve([*arguments], environment, log)
    try:
        yield process, log
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(20)


def answering(process: Any, log: Path) -> Api:
    """The service, once it has said where it answers."""
    mark = "Live Intent answers at "

    def said() -> bool:
        assert process.poll() is None, log.read_text()
        return mark in log.read_text()

    wait_for(said, READY_S)
    return Api(log.read_text().split(mark)[1].split()[0])


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_ends_as_told(
    environment: dict[str, str], client: OpenSearch, names: IndexNames, tmp_path: Path, end: int
) -> None:
    with serve(environment, tmp_path, "--port", "0") as (process, log):
        api = answering(process, log)
        assert api.url.startswith("http://127.0.0.1:")
        assert api("GET", "/readyz").status == 200
        answer = api.search("wireless headphones", f"end-{end}")
        assert "headphones" in answer["hits"][0]["source"]["title"]
        process.send_signal(end)
        assert process.wait(40) == 0, log.read_text()
        assert "Traceback" not in log.read_text()
        assert "headphones" not in log.read_text()
    client.indices.refresh(index=names.ubi_queries)
    found = client.get(index=names.sessions, id=f"session:end-{end}")
    assert [q["query_text"] for q in found["_source"]["queries"]] == ["wireless headphones"]


def test_several_processes_answer_as_one(environment: dict[str, str], tmp_path: Path) -> None:
    several = environment | {"LIVE_INTENT_PROCESSES": "2", "LIVE_INTENT_LOG_FORMAT": "json"}
    with serve(several, tmp_path, "--port", "0") as (process, log):
        api = answering(process, log)
        wait_for(lambda: log.read_text().count("answers with") == 2, READY_S)
        before = api.search("Acme", "many")
        api.event("like", ids(before)[3], "many")
        for _ in range(10):
            assert api.search("Acme", "many")["personalized"]
        text = api("GET", "/metrics").body
        assert 'live_intent_request_seconds_count{route="/v1/search",status="200"} 11.0' in text
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0


def test_another_encoder_than_the_indexs_is_refused(
    environment: dict[str, str], tmp_path: Path
) -> None:
    other = environment | {"LIVE_INTENT_QUERY_PREFIX": "query: "}
    with serve(other, tmp_path, "--port", "0") as (process, log):
        assert process.wait(READY_S) == 4, log.read_text()
        said = log.read_text()
        assert "Error: the index " in said
        assert "live-intent index rebuild" in said
        assert "Traceback" not in said


def test_a_model_that_is_not_there_is_told(environment: dict[str, str], tmp_path: Path) -> None:
    wrong = environment | {"LIVE_INTENT_ENCODER": "./no-such-folder"}
    with serve(wrong, tmp_path, "--port", "0") as (process, log):
        assert process.wait(READY_S) == 1
        assert "no-such-folder" in log.read_text()
        assert "Traceback" not in log.read_text()


def test_a_port_in_use_is_told(environment: dict[str, str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with serve(environment, tmp_path, "--port", port) as (process, log):
            assert process.wait(READY_S) == 1
            assert f"the port {port} of 127.0.0.1 is in use" in log.read_text()


def test_it_waits_for_a_cluster_that_is_not_there(
    environment: dict[str, str], tmp_path: Path
) -> None:
    gone = environment | {
        "LIVE_INTENT_OPENSEARCH_URL": "http://127.0.0.1:9",
        "LIVE_INTENT_OPENSEARCH_RETRIES": "0",
    }
    with serve(gone, tmp_path, "--port", "0") as (process, log):
        api = answering(process, log)
        assert api("GET", "/healthz").status == 200
        assert api("GET", "/readyz").status == 503
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(40) == 0
