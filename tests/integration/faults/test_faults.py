"""Faults of the cluster, made on a node of this module's own: what is answered, and when."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from opensearchpy import OpenSearch

from benchmarks.chaos.fault_table import FaultTable
from indexer.encoder.encoder import Encoder
from plugin_config.connection.client import connect, ping_or_raise
from plugin_config.node import local_node
from plugin_config.node.node_records import NodeInfo
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.serving import Api, Response, serving
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
READ_ONLY = "index.blocks.read_only_allow_delete"
READONLY = "is read-only, as by a full disk"
CLOSED = "`sessions` is closed"
HUNG = "the engine hangs"
KILLED = "the node is killed under load"


@pytest.fixture(scope="module")
def node(node_of_faults: NodeInfo) -> NodeInfo:
    return node_of_faults


@pytest.fixture(scope="module")
def client(node: NodeInfo) -> Iterator[OpenSearch]:
    connected = connect(load(ClusterSettings, opensearch_url=node.url, opensearch_timeout_s=60.0))
    ping_or_raise(connected)
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def names() -> IndexNames:
    return IndexNames("test-faults-")


@pytest.fixture(scope="module")
def cluster_settings(
    node: NodeInfo, names: IndexNames, tmp_path_factory: pytest.TempPathFactory
) -> ClusterSettings:
    return load(
        ClusterSettings,
        opensearch_url=node.url,
        index_prefix=names.prefix,
        opensearch_timeout_s=30.0,
        state_dir=tmp_path_factory.mktemp("state"),
    )


@pytest.fixture(scope="module")
def api(shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    settings = load(
        ServiceSettings,
        default_deadline_ms=20_000,
        event_deadline_ms=5000,
        erase_deadline_ms=6000,
        swap_poll_s=0.2,
    )
    with serving(create_app(settings, shop, encoder)) as api:
        yield api


@contextmanager
def read_only(client: OpenSearch, index: str) -> Iterator[None]:
    """The index as a full disk leaves it."""
    client.indices.put_settings(index=index, body={READ_ONLY: True})
    try:
        yield
    finally:
        client.indices.put_settings(index=index, body={READ_ONLY: None})


@contextmanager
def closed(client: OpenSearch, index: str) -> Iterator[None]:
    client.indices.close(index=index)
    try:
        yield
    finally:
        client.indices.open(index=index)
        client.cluster.health(index=index, wait_for_status="yellow")


def events_check(api: Api) -> str:
    return str(api("GET", "/readyz").body["checks"].get("events"))


def refused(api: Api, session_id: str) -> Response:
    """The answer to one well-formed event."""
    return api.event("like", "i1", session_id)


def test_events_on_a_full_disk_are_a_507_and_probe_and_metric_say_so(
    api: Api, client: OpenSearch, names: IndexNames, fault_table: FaultTable
) -> None:
    with read_only(client, names.sessions):
        response = fault_table.observe(
            f"`sessions` {READONLY}", "event", lambda: refused(api, "full")
        )
        assert (response.status, response.headers["Retry-After"]) == (507, "10")
        assert response.headers["Content-Type"] == "application/problem+json"
        assert "disk is full" in response.body["detail"]
        wait_until(lambda: "read-only because the disk is full" in events_check(api))
        assert api.ready()  # searches are answered
        assert 'events_refused_total{cause="disk"} 1.0' in api("GET", "/metrics").body
    assert refused(api, "full").status == 200
    wait_until(lambda: events_check(api) == "ok")


def test_events_for_a_closed_index_are_a_503(
    api: Api, client: OpenSearch, names: IndexNames, fault_table: FaultTable
) -> None:
    with closed(client, names.sessions):
        response = fault_table.observe(CLOSED, "event", lambda: refused(api, "closed"))
        body = {"query": "lamp", "session_id": "closed"}
        search = fault_table.observe(CLOSED, "search", partial(api, "POST", "/v1/search", body))
        assert search.status == 200
        assert (response.status, response.headers["Retry-After"]) == (503, "10")
        assert names.sessions not in response.body["detail"]
        wait_until(lambda: "closed: open it" in events_check(api))
    wait_until(lambda: refused(api, "closed").status == 200)


def test_events_that_the_log_of_events_refuses_are_kept_in_the_session(
    api: Api, client: OpenSearch, names: IndexNames, fault_table: FaultTable
) -> None:
    with read_only(client, names.ubi_events):
        response = fault_table.observe(
            f"`ubi_events` {READONLY}", "event", lambda: refused(api, "half")
        )
        assert (response.status, response.body["accepted"]) == (200, 1)
        assert "not in ubi_events" in response.body["items"][0]["note"]


@pytest.mark.parametrize("index", ["sessions", "ubi_events"])
def test_a_session_in_a_read_only_or_closed_index_is_not_erased_and_that_is_said_at_once(
    api: Api, client: OpenSearch, names: IndexNames, index: str
) -> None:
    assert refused(api, "kept").status == 200
    for fault in (read_only, closed):
        with fault(client, getattr(names, index)):
            started = time.monotonic()
            response = api("DELETE", "/v1/sessions/kept")
            assert time.monotonic() - started < 6
            assert response.status == 503
            assert "Not everything could be erased" in response.body["detail"]
    wait_until(lambda: api("DELETE", "/v1/sessions/kept").status == 200)
    assert api("GET", "/v1/sessions/kept").status == 404


def test_a_deleted_sessions_index_is_made_as_its_template_says_and_erased_completely(
    api: Api, client: OpenSearch, names: IndexNames
) -> None:
    for name in names.stores:
        client.indices.delete(index=name)
        client.indices.delete_index_template(name=f"{names.prefix}*", ignore=[404])
    comment = {"text": "soft and light", "user_id": "user-of-gone"}
    # Until the service has made them again, no write makes them with guessed types.
    assert api.event("comment", "i1", "gone-1", **comment).status == 200
    for name in names.stores:
        mapping = client.indices.get_mapping(index=name)[name]["mappings"]
        assert mapping["properties"]["session_id"]["type"] == "keyword"
        assert mapping["_meta"]["made_by"] == "live-intent"
    erased = api("DELETE", "/v1/sessions/gone-1")
    assert (erased.status, erased.body["sessions"], erased.body["users"]) == (200, 1, 1)
    assert not client.exists(index=names.sessions, id="user:user-of-gone")
    wait_until(lambda: client.indices.exists_index_template(name=names.template("sessions")))


def test_an_index_of_another_making_is_not_written_to_nor_erased_from(
    api: Api, client: OpenSearch, names: IndexNames
) -> None:
    body = {"mappings": {"properties": {"session_id": {"type": "text"}}}}

    def taken() -> bool:
        """Take the name; the service, which makes the index again, may be faster."""
        client.indices.delete(index=names.sessions, ignore=[404])
        client.indices.delete_index_template(name=names.template("sessions"), ignore=[404])
        client.indices.create(index=names.sessions, body=body, ignore=[400])
        [response] = client.indices.get_mapping(index=names.sessions).values()
        return "_meta" not in response["mappings"]

    wait_until(taken)
    try:
        assert refused(api, "other").status == 503
        assert api("DELETE", "/v1/sessions/other").status == 503
        assert client.count(index=names.sessions)["count"] == 0
        assert names.writing(names.sessions) not in str(client.indices.get_alias())
    finally:
        client.indices.delete(index=names.sessions)
    wait_until(lambda: refused(api, "other").status == 200)


def test_a_hung_engine_is_answered_within_each_deadline(
    api: Api, node: NodeInfo, fault_table: FaultTable
) -> None:
    os.kill(node.pid, signal.SIGSTOP)
    try:
        answers: list[tuple[float, int]] = []

        def post_event(number: int) -> None:
            started = time.monotonic()
            status = api.event("click", "i1", f"hung-{number}").status
            answers.append((time.monotonic() - started, status))

        threads = [threading.Thread(target=post_event, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        search = {"query": "lamp", "session_id": "hung", "deadline_ms": 300}
        for method, path, body, at_most_s in (
            ("POST", "/v1/search", search, 2.5),
            ("GET", "/healthz", None, 1.0),
            ("GET", "/v1/sessions/hung", None, 8.0),
            ("DELETE", "/v1/sessions/hung", None, 9.0),
        ):
            started = time.monotonic()
            response = fault_table.observe(
                HUNG, f"{method} {path}", partial(api, method, path, body)
            )
            assert response.status == (200 if path == "/healthz" else 503), path
            assert time.monotonic() - started < at_most_s, path
        for thread in threads:
            thread.join(20)
        assert {status for _, status in answers} == {503}
        assert max(seconds for seconds, _ in answers) < 8
        wait_until(lambda: not api.ready())
        fault_table.observe(HUNG, "GET /readyz", partial(api, "GET", "/readyz"))
    finally:
        os.kill(node.pid, signal.SIGCONT)
    ended = time.monotonic()
    wait_until(api.ready, 60)
    fault_table.recovered(HUNG, time.monotonic() - ended)
    assert refused(api, "hung").status == 200


def test_a_silent_engine_costs_a_request_milliseconds(
    api: Api, node: NodeInfo, fault_table: FaultTable
) -> None:
    search = {"query": "lamp", "session_id": "silent", "deadline_ms": 1500}

    def is_quick() -> bool:
        started = time.monotonic()
        response = api("POST", "/v1/search", search)
        assert response.status == 503
        assert response.headers["Retry-After"]
        return time.monotonic() - started < 0.2

    os.kill(node.pid, signal.SIGSTOP)
    try:
        wait_until(is_quick)
        # One request a second tries the engine, and waits for it.
        quick = [is_quick() for _ in range(50)]
        assert sum(quick) >= 45
        search_it = partial(api, "POST", "/v1/search", search)
        fault_table.observe(f"{HUNG}, for a second", "POST /v1/search", search_it)
    finally:
        os.kill(node.pid, signal.SIGCONT)
    wait_until(lambda: api("POST", "/v1/search", search).status == 200)


def test_a_node_that_is_killed_under_load_and_comes_back_needs_no_restart(
    api: Api, node: NodeInfo, fault_table: FaultTable
) -> None:
    """The last test here: the node is another process afterwards."""
    state_dir = load(ClusterSettings).state_dir
    search = {"query": "lamp", "session_id": "killed", "deadline_ms": 1500}
    assert refused(api, "killed").status == 200
    stop = threading.Event()
    answers: list[tuple[float, int]] = []

    def visitor() -> None:
        while not stop.wait(0.05):
            started = time.monotonic()
            status = api("POST", "/v1/search", search).status
            answers.append((time.monotonic() - started, status))

    threads = [threading.Thread(target=visitor) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        os.kill(node.pid, signal.SIGKILL)
        wait_until(lambda: api("POST", "/v1/search", search).status == 503)
        fault_table.observe(KILLED, "search", partial(api, "POST", "/v1/search", search))
        event = fault_table.observe(KILLED, "event", lambda: refused(api, "killed"))
        assert event.status == 503
        wait_until(lambda: not api.ready())
        fault_table.observe(KILLED, "`/readyz`", partial(api, "GET", "/readyz"))
        local_node.start(node.name, state_dir=state_dir, timeout_s=240)
        back = time.monotonic()
        wait_until(lambda: api.ready() and refused(api, "killed").status == 200, 60)
        wait_until(lambda: api("POST", "/v1/search", search).status == 200)
        fault_table.recovered(KILLED, time.monotonic() - back)
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
    assert {status for _, status in answers} <= {200, 503}
    assert max(seconds for seconds, _ in answers) < 8
    events = api("GET", "/v1/sessions/killed").body["session"]["events"]
    assert len(events) >= 2  # what was acknowledged before the kill is there
