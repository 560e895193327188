"""Our exchange of requests against urllib3's, on servers that answer in every way."""

import gzip
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import urllib3

from plugin_config.connection.lean_exchange import LeanExchange

OK = b"HTTP/1.1 200 OK\r\n"
TIMEOUT_S = 0.5
ZIPPED = gzip.compress(b"zipped")
ANSWERS = {
    "length": OK + b"Content-Type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    "nothing": OK + b"content-length: 0\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
    "trailer": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nc\r\n0\r\nx-late: yes\r\n\r\n",
    "to the end": OK + b"connection: close\r\n\r\nall of it",
    "old version": b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "closes": OK + b"connection: close\r\ncontent-length: 2\r\n\r\n{}",
    "refused": b"HTTP/1.1 429 Too Many\r\nretry-after: 1\r\ncontent-length: 4\r\n\r\nbusy",
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"content-length: 2\r\n\r\n{}",
    "warnings": OK + b'Warning: 299 A-1 "a"\r\nwarning: 299 A-1 "b"\r\ncontent-length: 0\r\n\r\n',
    "compressed": OK
    + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(ZIPPED)
    + ZIPPED,
    "cut off": OK + b"content-length: 9\r\n\r\n{}",
    "cut off in a chunk": OK + b"transfer-encoding: chunked\r\n\r\n9\r\n{}",
    "no answer": b"",
    "no HTTP": b"220 mail.example.org ESMTP\r\n",
}
SILENT = {"no sign": b"", "half": OK + b"content-length: 9\r\n\r\n{}"}


class Server:
    """Answers each request with the same bytes; `closes`: and then ends the connection."""

    def __init__(self, answer: bytes, *, closes: bool) -> None:
        self._answer, self._closes = answer, closes
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self.requests: list[bytes] = []
        self.open: list[socket.socket] = []
        self.left = threading.Event()  # a client has closed its connection
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            while request := _whole_request(connection):
                self.requests.append(request)
                connection.sendall(self._answer)
                if self._closes:
                    return
            self.left.set()

    def close(self) -> None:
        self._listener.close()
        for connection in self.open:
            connection.close()


def _whole_request(connection: socket.socket) -> bytes:
    """Head and body, which urllib3 sends apart; b"" at the end of the connection."""
    request = connection.recv(65536)
    while request:
        head, end, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and len(body) >= int(length[1] if length else 0):
            break
        request += connection.recv(65536)
    return request


@contextmanager
def served(answer: bytes, *, closes: bool = False) -> Iterator[Server]:
    server = Server(answer, closes=closes)
    yield server
    server.close()


def pool_of(server: Server) -> urllib3.HTTPConnectionPool:
    return urllib3.HTTPConnectionPool("127.0.0.1", server.port, timeout=TIMEOUT_S, maxsize=2)


def outcome(send: Callable[[], Any]) -> tuple[object, ...]:
    """What came of a request: the answer, or how it failed."""
    try:
        answer = send()
    except urllib3.exceptions.HTTPError as error:
        return (type(error),)
    headers = {name.lower(): answer.headers.get(name) for name in answer.headers}
    return answer.status, headers, answer.data


def ask(pool: Any, body: bytes = b"{}", method: str = "POST", url: str = "/_search?x=1") -> Any:
    headers = {"connection": "keep-alive", "content-type": "application/json"}
    retries = urllib3.Retry(False)
    return pool.urlopen(method, url, body, headers=headers, retries=retries)


@pytest.mark.parametrize("name", [*ANSWERS, *SILENT])
def test_any_answer_is_read_as_urllib3_reads_it(name: str) -> None:
    answer, closes = (ANSWERS | SILENT)[name], name in ANSWERS
    with served(answer, closes=closes) as server:
        expected = outcome(lambda: ask(pool_of(server)))
        assert outcome(lambda: ask(LeanExchange(pool_of(server)))) == expected
    if name in SILENT:
        assert expected == (urllib3.exceptions.ReadTimeoutError,)


def test_half_a_head_is_no_answer() -> None:
    refused = pytest.raises(urllib3.exceptions.ProtocolError, match="without response")
    with served(b"HTTP/1.1 200", closes=True) as server, refused:
        ask(LeanExchange(pool_of(server)))


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", "/", None),
        ("POST", "/_bulk", None),
        ("POST", "/a%20b/_search?q=%C3%A9", b'{"query": "\xc3\xa9"}'),
        ("DELETE", "/items", None),
        ("HEAD", "/items", None),
        ("GET", "/a b/é", None),
    ],
)
def test_the_same_is_asked_as_by_urllib3(method: str, url: str, body: bytes | None) -> None:
    answer = ANSWERS["nothing"]

    def heard(pool: Any, server: Server) -> tuple[bytes, set[bytes], bytes]:
        ask(pool, body, method, url)  # type: ignore[arg-type]
        head, _, content = b"".join(server.requests).partition(b"\r\n\r\n")
        line, *headers = head.split(b"\r\n")
        server.requests.clear()
        return line, {each.lower() for each in headers} - {b"user-agent: python-urllib3"}, content

    with served(answer) as server:
        expected = heard(pool_of(server), server)
        agent = {each for each in expected[1] if each.startswith(b"user-agent")}
        asked = heard(LeanExchange(pool_of(server)), server)
        assert (asked[0], asked[1] - agent, asked[2]) == (
            expected[0], expected[1] - agent, expected[2],
        )  # fmt: skip


def test_a_header_that_would_end_the_head_is_refused() -> None:
    with served(ANSWERS["nothing"]) as server:
        headers = {"x-opaque-id": "1\r\nauthorization: Basic x"}
        with pytest.raises(ValueError, match="Invalid header value"):
            LeanExchange(pool_of(server)).urlopen("GET", "/", headers=headers, retries=False)
        assert server.requests == []


@pytest.mark.parametrize(
    ("name", "connections"),
    [("length", 1), ("chunks", 1), ("no content", 1), ("refused", 1), ("closes", 4),
     ("old version", 4), ("to the end", 4)],
)  # fmt: skip
def test_a_connection_is_used_again_where_the_answer_lets_it(name: str, connections: int) -> None:
    with served(ANSWERS[name], closes=connections > 1) as server:
        exchange = LeanExchange(pool_of(server))
        for _ in range(4):
            ask(exchange)
        assert server.connections == connections


def test_what_follows_an_answer_is_never_taken_for_the_next_one() -> None:
    with served(ANSWERS["length"] + OK + b"content-length: 6\r\n\r\nforged") as server:
        exchange = LeanExchange(pool_of(server))
        assert [ask(exchange).data for _ in range(3)] == [b"{}"] * 3
        assert server.connections == 3


def test_a_connection_that_the_node_has_closed_is_replaced() -> None:
    with served(ANSWERS["length"]) as server:
        exchange = LeanExchange(pool_of(server))
        ask(exchange)
        server.open[0].shutdown(socket.SHUT_RDWR)
        assert ask(exchange).data == b"{}"
        assert server.connections == 2


def test_a_large_answer_and_a_large_request_are_whole() -> None:
    content = b"x" * 3_000_000
    with served(OK + b"content-length: %d\r\n\r\n" % len(content) + content) as server:
        assert ask(LeanExchange(pool_of(server))).data == content


def test_many_threads_share_the_connections() -> None:
    with served(ANSWERS["chunks"]) as server:
        exchange, answers = LeanExchange(pool_of(server)), list[bytes]()
        threads = [
            threading.Thread(target=lambda: answers.extend(ask(exchange).data for _ in range(20)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [b"abc"] * 160


def test_after_the_end_nothing_stays_open() -> None:
    with served(ANSWERS["length"]) as server:
        exchange = LeanExchange(pool_of(server))
        ask(exchange)
        exchange.close()
        assert server.left.wait(10)
