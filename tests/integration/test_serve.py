"""`live-intent serve` as a process: its address, its errors at the start, its end by a signal."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.command_line import start
from tests.integration.serving import Api, item_ids
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
READY_S = 120


@pytest.fixture(scope="module")
def environment(shop: ClusterSettings, environment: dict[str, str]) -> dict[str, str]:
    """Environment of a service on `shop`."""
    return environment | {
        "LIVE_INTENT_DEVICE": "cpu",
        "LIVE_INTENT_DEFAULT_DEADLINE_MS": "20000",
        "OMP_NUM_THREADS": "2",
    }


@dataclass(frozen=True)
class Serve:
    """A `live-intent serve` process, and the file with all that it printed."""

    process: "subprocess.Popen[str]"
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text()

    def api(self) -> Api:
        """Wait until the service has printed its address; return its API."""
        printed = "Live Intent answers at "
        self.wait_for_output(printed)
        return Api(self.output.split(printed)[1].split()[0])

    def wait_for_output(self, text: str, times: int = 1) -> None:
        def has_printed() -> bool:
            assert self.process.poll() is None, self.output
            return self.output.count(text) >= times

        wait_until(has_printed, READY_S)


@contextmanager
def serve(environment: dict[str, str], folder: Path, port: int = 0) -> Iterator[Serve]:
    """Start the command on a port, 0: any free one; kill it at the end if it still runs."""
    log = folder / "serve.log"
    process = start(environment, "serve", "--port", port, log=log)
    try:
        yield Serve(process, log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(20)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_until_a_signal_and_writes_the_last_queries(
    environment: dict[str, str], client: OpenSearch, names: IndexNames, tmp_path: Path, number: int
) -> None:
    with serve(environment, tmp_path) as running:
        api = running.api()
        assert api.url.startswith("http://127.0.0.1:")
        assert api("GET", "/readyz").status == 200
        answer = api.search("wireless headphones", f"end-{number}")
        assert "headphones" in answer["hits"][0]["source"]["title"]
        running.process.send_signal(number)
        assert running.process.wait(40) == 0, running.output
        assert "Traceback" not in running.output
        assert "headphones" not in running.output
    client.indices.refresh(index=names.ubi_queries)
    session = client.get(index=names.sessions, id=f"session:end-{number}")["_source"]
    assert [query["query_text"] for query in session["queries"]] == ["wireless headphones"]


def test_several_processes_share_sessions_and_metrics(
    environment: dict[str, str], tmp_path: Path
) -> None:
    several = environment | {"LIVE_INTENT_PROCESSES": "2", "LIVE_INTENT_LOG_FORMAT": "json"}
    with serve(several, tmp_path) as running:
        api = running.api()
        running.wait_for_output("answers with", times=2)
        before = api.search("Acme", "many")
        api.event("like", item_ids(before)[3], "many")
        for _ in range(10):
            assert api.search("Acme", "many")["personalized"]
        text = api("GET", "/metrics").body
        assert 'live_intent_request_seconds_count{route="/v1/search",status="200"} 11.0' in text
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(40) == 0


def test_an_index_of_another_encoder_is_refused(
    environment: dict[str, str], tmp_path: Path
) -> None:
    other = environment | {"LIVE_INTENT_QUERY_PREFIX": "query: "}
    with serve(other, tmp_path) as refused:
        assert refused.process.wait(READY_S) == 4, refused.output
        assert "Error: the index " in refused.output
        assert "live-intent index rebuild" in refused.output
        assert "Traceback" not in refused.output


def test_a_missing_model_folder_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    other = environment | {"LIVE_INTENT_ENCODER": "./no-such-folder"}
    with serve(other, tmp_path) as refused:
        assert refused.process.wait(READY_S) == 2
        where, error = refused.output.splitlines()  # and nothing of the web server's
        assert where.startswith("cluster http")
        assert error.startswith("Error: the encoder ./no-such-folder looks like a folder")


def test_a_port_in_use_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with serve(environment, tmp_path, port) as refused:
            assert refused.process.wait(READY_S) == 1
            assert f"the port {port} of 127.0.0.1 is in use" in refused.output


def test_it_starts_before_the_cluster_and_is_not_ready_then(
    environment: dict[str, str], tmp_path: Path
) -> None:
    unreachable = environment | {
        "LIVE_INTENT_OPENSEARCH_URL": "http://127.0.0.1:9",
        "LIVE_INTENT_OPENSEARCH_RETRIES": "0",
    }
    with serve(unreachable, tmp_path) as running:
        api = running.api()
        assert api("GET", "/healthz").status == 200
        assert api("GET", "/readyz").status == 503
        os.kill(running.process.pid, signal.SIGTERM)
        assert running.process.wait(40) == 0


def test_a_killed_worker_is_replaced_and_hup_renews_it_while_clients_are_connected(
    environment: dict[str, str], tmp_path: Path
) -> None:
    answers_with = " answers with "
    with serve(environment, tmp_path) as running:
        api = running.api()
        running.wait_for_output(answers_with)
        assert api.event("click", "i3", "kept").status == 200
        worker = int(running.output.split(answers_with)[0].split()[-1])
        address = ("127.0.0.1", int(api.url.rsplit(":", 1)[1]))
        with socket.create_connection(address) as half:
            half.sendall(b"POST /v1/search HTTP/1.1\r\nHost: x\r\n")
            os.kill(worker, signal.SIGKILL)
            running.wait_for_output(answers_with, 2)
            assert api("GET", "/readyz").status == 200
        assert len(api("GET", "/v1/sessions/kept").body["session"]["events"]) == 1

        stop, statuses = threading.Event(), []

        def ask() -> None:
            while not stop.is_set():
                body = {"query": "running shoes", "session_id": "kept", "deadline_ms": 20_000}
                statuses.append(api("POST", "/v1/search", body).status)

        clients = [threading.Thread(target=ask) for _ in range(3)]
        for client in clients:
            client.start()
        wait_until(lambda: len(statuses) > 5, READY_S)
        running.process.send_signal(signal.SIGHUP)
        running.wait_for_output(answers_with, 3)
        before = len(statuses)
        wait_until(lambda: len(statuses) > before + 5, READY_S)
        stop.set()
        for client in clients:
            client.join(60)
        assert set(statuses) == {200}
        assert api("GET", "/readyz").status == 200
        running.process.terminate()
        assert running.process.wait(40) == 0
        assert "Traceback" not in running.output
