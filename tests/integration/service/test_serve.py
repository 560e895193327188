"""`live-intent serve` as a process: its address, its errors at the start, its end by a signal."""

import os
import resource
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.serve_process import READY_S, Clients, Serve, serve
from tests.integration.serving import Api, item_ids
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def environment(shop: ClusterSettings, environment: dict[str, str]) -> dict[str, str]:
    """Environment of a service on `shop`."""
    return environment | {
        "LIVE_INTENT_DEVICE": "cpu",
        "LIVE_INTENT_DEFAULT_DEADLINE_MS": "20000",
        "OMP_NUM_THREADS": "2",
        "LIVE_INTENT_DRAIN_S": "0.2",
    }


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


def pages_of_a_front_end(api: Api, visitor: str) -> list[str]:
    """Ids of the hits on a front end's first five pages, between which the visitor likes one."""
    shown: list[str] = []
    request = {"indexName": "items", "query": "headphones", "hitsPerPage": 2, "userToken": visitor}
    for page in range(5):
        body = {"requests": [request | {"page": page}]}
        [result] = api("POST", "/1/indexes/*/queries", body).body["results"]
        hits = [hit["objectID"] for hit in result["hits"]]
        api.event("like", hits[-1], visitor)
        shown += hits
    return shown


def test_several_processes_share_sessions_pages_and_metrics(
    environment: dict[str, str], tmp_path: Path
) -> None:
    several = environment | {"LIVE_INTENT_PROCESSES": "2", "LIVE_INTENT_LOG_FORMAT": "json"}
    several |= {"TMPDIR": str(tmp_path)}
    with serve(several, tmp_path) as running:
        api = running.api()
        running.wait_for_workers(2)
        before = api.search("Acme", "many")
        api.event("like", item_ids(before)[3], "many")
        for _ in range(10):
            assert api.search("Acme", "many")["personalized"]
        text = api("GET", "/metrics").body
        counted = 'live_intent_request_seconds_count{route="/v1/search",status="200"}'
        assert f"{counted} 11.0" in text
        for number in range(3):  # each page is answered by any of them
            shown = pages_of_a_front_end(api, f"anonymous-{number}")
            assert len(set(shown)) == len(shown) == 10
        for number in range(8):  # at once, whichever process has yet to write the query
            api.search("Acme", f"login-{number}")
            body = {"session_id": f"login-{number}", "user_id": f"login-{number}"}
            assert api("POST", "/v1/joins", body).body == {"events": 0, "queries": 1}
        running.kill_worker()
        running.wait_for_workers(3)
        assert api.search("Acme", "many")["personalized"]
        assert f"{counted} 20.0" in api("GET", "/metrics").body  # with those of the killed one
        [folder] = tmp_path.glob("live-intent-processes-*")
        shutil.rmtree(folder)  # as programs do that tidy /tmp
        running.wait_for_workers(5)  # the earlier ones count in files that are gone
        wait_until(lambda: not any(is_running(pid) for pid in running.workers[:3]))
        for number in range(10):
            assert api.search("Acme", "many")["personalized"]
            assert f"{counted} {number + 1}.0" in api("GET", "/metrics").body
        assert len(set(pages_of_a_front_end(api, "anonymous"))) == 10
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0, running.output
        assert not folder.exists()


def test_an_index_of_another_encoder_is_refused(
    environment: dict[str, str], tmp_path: Path
) -> None:
    other = environment | {"LIVE_INTENT_QUERY_PREFIX": "query: "}
    with serve(other, tmp_path) as refused:
        assert refused.process.wait(READY_S) == 4, refused.output
        assert "Error: the index " in refused.output
        assert "live-intent index rebuild" in refused.output
        assert "Traceback" not in refused.output


@pytest.mark.parametrize(
    ("variable", "value", "exit_code", "says"),
    [
        ("LIVE_INTENT_PROCESES", "2", 2, "LIVE_INTENT_PROCESSES"),  # a misspelt name
        ("LIVE_INTENT_PROCESSES", "0", 2, "LIVE_INTENT_PROCESSES=0"),
        ("LIVE_INTENT_DRAIN_S", "-1", 2, "LIVE_INTENT_DRAIN_S=-1"),
        ("LIVE_INTENT_STOP_GRACE_S", "0", 2, "LIVE_INTENT_STOP_GRACE_S=0"),
        ("LIVE_INTENT_OPENSEARCH_URL", "localhost:9200", 2, "LIVE_INTENT_OPENSEARCH_URL"),
        ("LIVE_INTENT_IMAGES", "./no-such-folder", 2, "LIVE_INTENT_IMAGES=no-such-folder"),
        ("LIVE_INTENT_HOST", "no-such-host.invalid", 2, "can't listen on no-such-host.invalid"),
        ("LIVE_INTENT_BUNDLE", "./no-such-bundle", 4, "LIVE_INTENT_BUNDLE"),
        ("LIVE_INTENT_BUNDLES_DIR", "./no-such-folder", 4, "LIVE_INTENT_BUNDLES_DIR"),
        ("LIVE_INTENT_ENCODER", "./no-such-folder", 2, "the encoder ./no-such-folder looks like a"),
        ("LIVE_INTENT_ENCODER", str(Path(__file__).parent), 2, "has no config.json"),
    ],
)
def test_wrong_settings_are_one_line_and_an_exit_code(
    environment: dict[str, str],
    tmp_path: Path,
    variable: str,
    value: str,
    exit_code: int,
    says: str,
) -> None:
    with serve(environment | {variable: value}, tmp_path) as refused:
        assert refused.process.wait(READY_S) == exit_code, refused.output
        *before, error = refused.output.splitlines()  # and nothing of the web server's
        assert all(line.startswith("cluster http") for line in before)
        assert error.startswith("Error: ")
        assert says in error
        assert "Live Intent answers" not in refused.output


@contextmanager
def limited(limits: dict[int, int]) -> Iterator[None]:
    """Processes that are started in the block have these limits of `resource`."""
    before = {each: resource.getrlimit(each) for each in limits}
    try:
        for each, value in limits.items():
            resource.setrlimit(each, (value, before[each][1]))
        yield
    finally:
        for each, values in before.items():
            resource.setrlimit(each, values)


def test_a_service_that_can_start_no_threads_never_listens(
    environment: dict[str, str], tmp_path: Path
) -> None:
    many = environment | {"LIVE_INTENT_THREADS": "256", "LIVE_INTENT_PROCESSES": "2"}
    gigabytes = {resource.RLIMIT_STACK: 1 << 28, resource.RLIMIT_AS: 40 << 30}  # of 256, some 150
    with limited(gigabytes), serve(many, tmp_path) as refused:
        assert refused.process.wait(READY_S) == 1, refused.output
        assert "Error: a process can't start its threads: lower LIVE_INTENT_TH" in refused.output
        assert "Live Intent answers" not in refused.output
        assert "Traceback" not in refused.output


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
        search = api("POST", "/v1/search", {"query": "lamp"})  # there may be keys
        assert (search.status, search.headers["Retry-After"]) == (503, "1")
        os.kill(running.process.pid, signal.SIGTERM)
        assert running.process.wait(40) == 0


def test_a_killed_worker_costs_its_own_requests_and_hup_none(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with serve(environment | {"LIVE_INTENT_PROCESSES": "1"}, tmp_path) as running:
        api = running.api()
        running.wait_for_workers(1)
        assert api.event("click", "i3", "kept").status == 200
        port = int(api.url.rsplit(":", 1)[1])
        clients = Clients(lambda: port)
        with socket.create_connection(("127.0.0.1", port)) as half, clients.running():
            half.sendall(b"POST /v1/search HTTP/1.1\r\nHost: x\r\n")
            clients.wait_for_answers()
            running.kill_worker()
            running.wait_for_workers(2)
            clients.wait_for_answers()
        assert set(clients.statuses) <= {0, 200}
        assert all(lost == 1 for lost in clients.lost_by.values()), clients.failures
        assert clients.longest_pause_s < 5  # a new process that loads all took 9 s
        assert len(api("GET", "/v1/sessions/kept").body["session"]["events"]) == 1

        clients = Clients(lambda: port)
        with clients.running():
            clients.wait_for_answers()
            for _ in range(5):  # as good as one
                running.process.send_signal(signal.SIGHUP)
            [starting] = children_of(running, but=running.workers)
            os.kill(starting, signal.SIGKILL)  # before it answers: another is started
            running.wait_for_workers(3)
            clients.wait_for_answers(50)
            wait_until(lambda: not is_running(running.workers[1]))
        assert set(clients.statuses) == {200}, clients.failures
        assert clients.longest_pause_s < 5
        assert api("GET", "/readyz").status == 200
        running.end()
        assert len(running.workers) == 3


def test_a_worker_that_hangs_is_replaced(environment: dict[str, str], tmp_path: Path) -> None:
    own = {"LIVE_INTENT_PROCESSES": "2", "LIVE_INTENT_HANG_TIMEOUT_S": "6"}
    with serve(environment | own, tmp_path) as running:
        running.wait_for_workers(2)
        hung, other = running.workers
        os.kill(hung, signal.SIGSTOP)
        running.wait_for_workers(3)
        assert not is_running(hung)
        assert is_running(other)
        port = int(running.api().url.rsplit(":", 1)[1])
        clients = Clients(lambda: port)
        with clients.running():
            clients.wait_for_answers()
        assert set(clients.statuses) == {200}
        running.end()
        assert f"process {hung} hangs since" in running.output


def children_of(running: Serve, but: list[int]) -> list[int]:
    """Process ids of the workers, some left out; waits until there is one."""
    pid = running.process.pid
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    children: list[int] = []

    def has_more() -> bool:
        children[:] = [int(child) for child in listed.read_text().split() if int(child) not in but]
        return bool(children)

    wait_until(has_more)
    return children


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
