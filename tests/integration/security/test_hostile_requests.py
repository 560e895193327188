"""Requests that no client sends, to the real server: no 500, no traceback, no secret in its log."""

import json
import random
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from plugin_config.settings import ClusterSettings
from tests.integration.command_line import invoke
from tests.integration.serve_process import Serve, serve
from tests.integration.serving import Api

pytestmark = pytest.mark.node
SECRETS = ("Zebrasecretquery", "zebra-secret-user", "zebra@secret.example", "li_zebrasecretkey")
TRACES = ("Traceback", 'File "/', "site-packages", "Error(", "opensearchpy", "werkzeug")
PATHS = (
    "/v1/search", "/v1/recommend", "/v1/rank", "/v1/suggest", "/v1/events", "/1/events",
    "/ubi_events", "/ubi_queries", "/1/indexes/items/query", "/v1/joins", "/v1/consents",
    "/v1/sessions",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(
    shop: ClusterSettings, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Serve, Api]]:
    with serve(environment, tmp_path_factory.mktemp("serve")) as running:
        yield running, running.api()


def raw(api: Api, content: bytes) -> tuple[int, str]:
    """Status (0: the connection was closed without an answer) and answer to these bytes."""
    address = urlsplit(api.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.settimeout(60)
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while data := connection.recv(65536):
                answer += data
        except ConnectionResetError:
            pass
    text = answer.decode("utf-8", "replace")
    return (int(text.split()[1]) if text.startswith("HTTP/") else 0), text


def post(path: str, body: bytes, *headers: str) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1", "Host: shop.example", "Connection: close",
        f"Content-Length: {len(body)}", *(headers or ("Content-Type: application/json",)),
    ]  # fmt: skip
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def assert_refused(api: Api, content: bytes) -> None:
    status, answer = raw(api, content)
    assert status < 500 or status in (501, 503, 505), (content[:300], answer)
    assert not [trace for trace in TRACES if trace in answer], (content[:300], answer)


def test_bodies_of_any_depth_size_and_bytes(served: tuple[Serve, Api]) -> None:
    api = served[1]
    status, _ = raw(
        api, post("/v1/search", b'{"session_id":"s","query":"lamp","deadline_ms":20000}')
    )
    assert status == 200  # so that refusals are of what is odd
    deep = b'{"query":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    nested = b'{"filters":' * 300 + b"1" + b"}" * 300
    huge = b'{"session_id":"s","query":"lamp","size":' + b"9" * 5000 + b"}"
    exponent = b'{"session_id":"s","query":"lamp","size":1e400}'
    wide = json.dumps({"session_id": "s", "item_ids": ["x"] * 50_000, "query": "y"}).encode()
    attributes = json.dumps({"session_id": "s", "query": "a", "filters": {"a": {"b": {"c": [[]]}}}})
    surrogate = rb'{"session_id":"s","query":"\ud800"}'
    bodies = [
        deep,
        nested,
        huge,
        exponent,
        wide,
        attributes.encode(),
        surrogate,
        b"",
        b"\xff\xfe{}",
    ]
    bodies += [b"null", b"[[[]]]", b'{"session_id":"\x00"}', b'{"session_id":"s\\u0000"}']
    for path in PATHS:
        for body in bodies:
            assert_refused(api, post(path, body))


def test_odd_headers_paths_and_request_lines(served: tuple[Serve, Api]) -> None:
    api, good = served[1], b'{"session_id":"s","query":"lamp"}'
    kind = "Content-Type: application/json"
    for header in (
        "Content-Type: application/json; charset=utf-16", "Content-Type: \udcff", "Origin: null",
        "Content-Encoding: gzip", "X-Request-Id: " + "x" * 5000, "traceparent: 00-zz", "Sec-GPC: 7",
        "Authorization: Bearer", "Authorization: Bearer lib.a.b.c", "Authorization: Basic \udcff",
        "X-Session-Token: ..", "Accept-Language: " + "a," * 2000, "X-Forwarded-For: ;;",
        "Cookie: \x7f", "Expect: 100-continue", "Transfer-Encoding: chunked",
    ):  # fmt: skip
        assert_refused(api, post("/v1/search", good, kind, header))
    for line in (
        b"GET /%00 HTTP/1.1", b"GET /v1/sessions/%ff%fe HTTP/1.1", b"GET /..%2f..%2fetc HTTP/1.1",
        b"GET /images/%2e%2e%2f HTTP/1.1", b"BREW / HTTP/1.1", b"GET / HTTP/9.9", b"\x16\x03\x01",
        b"GET /?" + b"a" * 9000 + b" HTTP/1.1", b"GET /insights?board[]=%27 HTTP/1.1",
        b"DELETE /v1/suggest?session_id=%00&query=%ff HTTP/1.1", b"GET  HTTP/1.1", b"",
        b"GET /v1/queries/" + b"q" * 3000 + b"/explanation HTTP/1.1",
    ):  # fmt: skip
        assert_refused(api, line + b"\r\nHost: shop.example\r\nConnection: close\r\n\r\n")


def test_bytes_at_random(served: tuple[Serve, Api]) -> None:
    random.seed(14)
    good = post("/v1/search", b'{"session_id":"s","query":"lamp","filters":{"brand":["Acme"]}}')
    for _ in range(60):
        content = bytearray(good)
        for _ in range(random.randrange(1, 6)):
            content[random.randrange(len(content))] = random.randrange(256)
        assert_refused(served[1], bytes(content))


def test_no_secret_and_no_visitors_words_are_in_the_log(
    served: tuple[Serve, Api], environment: dict[str, str]
) -> None:
    running, api = served
    query, user, mail, key = SECRETS
    fields = {"session_id": mail, "user_id": user, "query": query, "deadline_ms": 20_000}
    assert api("POST", "/v1/search", fields).status == 200
    bearer = {"Authorization": f"Bearer {key}", "X-Session-Token": key}
    api("POST", "/v1/search", fields, bearer)
    api("POST", "/v1/search", fields | {"size": query, "filters": {query: [mail]}}, bearer)
    api("POST", "/v1/suggest", {"query": query, "session_id": mail}, bearer)
    api("POST", "/v1/events", {"action": query, "session_id": mail, "item_id": user}, bearer)
    api("GET", f"/v1/sessions/{mail}", headers=bearer)
    api("GET", f"/v1/search?key={key}&query={query}", headers=bearer)
    created = invoke(environment, "keys", "create", "logged", "--scope", "search")
    made = next(word for word in created.output.split() if word.startswith("li_"))
    allowed = api("POST", "/v1/search", fields, {"Authorization": f"Bearer {made}"})
    assert allowed.status == 200, allowed
    log = running.output
    assert log
    assert not [secret for secret in (*SECRETS, made) if secret in log]
    assert "Traceback" not in log
