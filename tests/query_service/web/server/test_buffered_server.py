"""Slow clients, hung requests and probes, on real sockets; no cluster answers."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from plugin_config.settings import load
from query_service.settings import ServiceSettings
from query_service.web.load.admission import Ticket
from query_service.web.server.buffered_server import BufferedServer
from tests.integration.waiting import wait_until
from tests.query_service.apps import app_without_cluster

HALF_HEADER = b"POST /v1/search HTTP/1.1\r\nHost: shop\r\nX-"
HALF_BODY = (
    b"POST /v1/search HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
    b'Content-Length: 900\r\n\r\n{"query": "'
)
LARGE = b"x" * 4_000_000
PROBES = ("/healthz", "/readyz", "/metrics")


class Running:
    """A server in a thread of this process, with a route that hangs until `release` is set."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.app = app_without_cluster(folder, **settings)
        self.hanging = 0
        self.release = threading.Event()

        @self.app.post("/v1/hang", doc_ui=False)
        def hang() -> str:
            self.hanging += 1
            self.release.wait(30)
            return "done"

        @self.app.get("/v1/large", doc_ui=False)
        def large() -> bytes:
            return LARGE

        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.server = BufferedServer(self.app, listener, load(ServiceSettings, **settings))
        self._ends = False
        self.thread = threading.Thread(target=self._loop, daemon=True)
        self.thread.start()

    def _loop(self) -> None:
        while not self._ends:
            self.server.poll(0.1)
        self.server.drain(10)

    def end(self) -> None:
        self._ends = True
        self.server.pull_trigger()

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any, float]:
        """Status, headers, and the seconds that the answer took."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        started = time.monotonic()
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status, response.headers, time.monotonic() - started

    def connect(self, sent: bytes = b"") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sendall(sent)
        return connection


@contextmanager
def running(folder: Path, **settings: Any) -> Iterator[Running]:
    started = Running(folder, **settings)
    try:
        yield started
    finally:
        started.release.set()
        started.end()
        started.thread.join(20)
        started.app.extensions["live_intent"].close()
        assert not started.thread.is_alive()


def in_threads(count: int, call: Callable[[], object]) -> list[threading.Thread]:
    threads = [threading.Thread(target=call, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize("sent", [HALF_HEADER, HALF_BODY], ids=["half a header", "half a body"])
def test_slow_clients_hold_no_thread(tmp_path: Path, sent: bytes) -> None:
    with running(tmp_path, threads=4) as server:
        slow = [server.connect(sent) for _ in range(200)]
        for path in (*PROBES, "/"):
            status, _, seconds = server.ask("GET", path)
            assert status == (503 if path == "/readyz" else 200)
            assert seconds < 5
        assert server.ask("POST", "/v1/search", {})[0] == 422
        for connection in slow:
            connection.close()


def test_clients_that_do_not_read_hold_no_thread(tmp_path: Path) -> None:
    asked = b"GET /v1/large HTTP/1.1\r\nHost: shop\r\n\r\n" * 20  # 80 MB, far beyond any buffer
    with running(tmp_path, threads=4, idle_timeout_s=2) as server:
        unread = [server.connect(asked) for _ in range(8)]
        for _ in range(5):
            assert server.ask("GET", "/healthz")[0] == 200
            status, _, seconds = server.ask("GET", "/")
            assert status == 200
            assert seconds < 5
        reader = server.connect(asked + b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        received = sum(map(len, iter(lambda: reader.recv(1 << 20), b"")))
        assert received > 20 * len(LARGE)  # whoever reads gets all of it
        wait_until(lambda: not server.server.active_channels, 20)  # the others were idle
        for connection in unread:
            connection.close()


@pytest.mark.parametrize("sent", [HALF_HEADER, HALF_BODY], ids=["header", "body"])
def test_a_byte_now_and_then_does_not_keep_a_request_open(tmp_path: Path, sent: bytes) -> None:
    with running(tmp_path, header_timeout_s=0.5, body_timeout_s=0.5) as server:
        connection = server.connect(sent)
        connection.settimeout(0.1)
        answer, started = b"", time.monotonic()
        while not answer and time.monotonic() - started < 15:
            connection.sendall(b"a")
            try:
                answer = connection.recv(65536)
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.0 408 " if sent is HALF_HEADER else b"HTTP/1.1 408 ")
        assert b"application/problem+json" in answer


def test_a_connection_without_requests_is_closed(tmp_path: Path) -> None:
    with running(tmp_path, idle_timeout_s=0.5) as server:
        assert server.connect().recv(1) == b""


def test_a_new_connection_takes_the_place_of_the_one_that_waits_longest(tmp_path: Path) -> None:
    with running(tmp_path, max_connections=16) as server:
        slow = [server.connect(HALF_HEADER) for _ in range(16)]
        wait_until(lambda: len(server.server.active_channels) == 16)
        assert server.ask("GET", "/healthz")[0] == 200
        assert slow[0].recv(1) == b""


def test_probes_answer_while_every_thread_hangs(tmp_path: Path) -> None:
    with running(tmp_path, threads=3) as server:
        hung = in_threads(5, lambda: server.ask("POST", "/v1/hang", {}))
        wait_until(lambda: server.hanging == 3)
        for path in PROBES:
            status, _, seconds = server.ask("GET", path)
            assert status == (503 if path == "/readyz" else 200)
            assert seconds < 5
        server.release.set()
        for thread in hung:
            thread.join(20)


def test_a_deadline_counts_from_arrival_and_is_answered_in_the_queue(tmp_path: Path) -> None:
    with running(tmp_path, threads=1, event_deadline_ms=600, erase_deadline_ms=700) as server:
        in_threads(1, lambda: server.ask("POST", "/v1/hang", {}))
        wait_until(lambda: server.hanging == 1)
        search = {"query": "phone", "session_id": "s", "deadline_ms": 300}
        event = {"action": "click", "item_id": "1", "session_id": "s"}
        for method, path, body, least in (
            ("POST", "/v1/search", search, 0.3),
            ("POST", "/v1/events", event, 0.6),
            ("DELETE", "/v1/sessions/s", None, 0.7),
        ):
            status, headers, seconds = server.ask(method, path, body)
            assert (status, headers["Retry-After"]) == (503, "1")
            assert headers["Content-Type"] == "application/problem+json"
            assert least <= seconds < least + 3
        server.release.set()
        # Whatever waited is gone from the queue: the thread is free for the next request.
        assert server.ask("POST", "/v1/search", {})[0] == 422


def test_searches_that_would_wait_past_their_deadline_are_refused_at_once(tmp_path: Path) -> None:
    with running(tmp_path, threads=2) as server:
        now, admission = time.perf_counter(), server.server.admission
        at_work, *known = [Ticket("/v1/search", now, 1e9, Any) for _ in range(3)]
        admission.arrive(at_work)
        for ticket in known:
            admission.arrive(ticket)
            ticket.began = now - 0.8
            admission.finish(ticket, answered=True)
        in_threads(2, lambda: server.ask("POST", "/v1/hang", {}))
        wait_until(lambda: server.hanging == 2)
        search = {"query": "phone", "session_id": "s", "deadline_ms": 10_000}
        waiting = in_threads(1, lambda: server.ask("POST", "/v1/search", search))
        wait_until(lambda: len(server.server.task_dispatcher.queue) == 1)
        for path, deadline_ms in (("/v1/search", 1500), ("/v1/suggest", 2500)):
            body = {"query": "p", "prefix": "p", "session_id": "s", "deadline_ms": deadline_ms}
            status, headers, seconds = server.ask("POST", path, body)
            assert (status, headers["Retry-After"]) == (503, "1")
            assert seconds < deadline_ms / 2000
        event = {"action": "click", "item_id": "1", "session_id": "s"}
        events = in_threads(1, lambda: server.ask("POST", "/v1/events", event))  # never refused
        wait_until(lambda: len(server.server.task_dispatcher.queue) == 2)
        server.release.set()
        for thread in (*waiting, *events):
            thread.join(20)


def test_a_running_request_is_finished_at_the_end(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        answers: list[int] = []
        [asking] = in_threads(1, lambda: answers.append(server.ask("POST", "/v1/hang", {})[0]))
        wait_until(lambda: server.hanging == 1)
        server.connect(HALF_HEADER)
        server.end()
        wait_until(lambda: server.server.draining)
        server.release.set()
        asking.join(20)
        assert answers == [200]


def whole_answer(connection: socket.socket) -> bytes:
    """An answer of /healthz, however many packets it comes in."""
    answer = b""
    while not answer.endswith(b"}"):
        received = connection.recv(65536)
        assert received
        answer += received
    return answer


def test_connections_are_told_to_close_and_idle_ones_are_not_reset(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        asks = b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n"
        busy, idle = server.connect(asks), server.connect(asks)
        for connection in (busy, idle):
            assert b"Connection: close" not in whole_answer(connection)
        in_threads(1, lambda: server.ask("POST", "/v1/hang", {}))
        wait_until(lambda: server.hanging == 1)
        waiting = server.connect(asks)  # may not be accepted yet
        server.end()
        wait_until(lambda: server.server.draining)
        busy.sendall(asks)
        answer = whole_answer(busy)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"Connection: close" in answer
        assert whole_answer(waiting).startswith(b"HTTP/1.1 200 ")
        for connection in (busy, waiting, idle):
            assert connection.recv(65536) == b""  # and no ConnectionResetError
        assert server.thread.is_alive()  # the running request goes on
        with pytest.raises(ConnectionRefusedError):
            server.connect()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nbad header\r\n\r\n", 400),
        (
            b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"POST /v1/search HTTP/1.1\r\nContent-Length: 99999\r\n\r\n", 413),
        (b"GET /healthz HTTP/1.1\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n", 431),
    ],
)
def test_what_the_server_refuses_is_a_problem_document(
    tmp_path: Path, sent: bytes, status: int
) -> None:
    with running(tmp_path, max_body_bytes=2048) as server:
        answer = b""
        connection = server.connect(sent)
        while chunk := connection.recv(65536):
            answer += chunk
        head, body = answer.split(b"\r\n\r\n", 1)
        assert f" {status} ".encode() in head.split(b"\r\n")[0]
        assert b"application/problem+json" in head
        assert json.loads(body)["status"] == status
