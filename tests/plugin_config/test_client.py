"""The client against a real node behind TLS, with what a proxy sees of its requests."""

import hmac
import http.client
import http.server
import ipaddress
import ssl
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urlsplit

import numpy as np
import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import TransportError

from plugin_config.client import connect, ping_or_raise
from plugin_config.errors import ClusterUnavailable, SettingsError
from plugin_config.node.node_process import free_port
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load

EXPECTED = "Basic " + b64encode(b"reader:s3cret").decode()


@dataclass
class Door:
    """A TLS reverse proxy before the node; `answers` are sent in place of the node's, in turn."""

    url: str
    ca_file: Path
    required: str = ""
    seen: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    address = ipaddress.ip_address("127.0.0.1")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", f"subjectAltName=IP:{address}"),
            *("-keyout", "key.pem", "-out", "ca.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def door(node_url: str, certificates: Path) -> Iterator[Door]:
    node = urlsplit(node_url)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = {key.lower(): value for key, value in self.headers.items()}
            request |= {"method": self.command, "path": self.path, "body": body.decode()}
            door.seen.append(request)
            status, kind, answer = 401, "text/plain", b"who are you?"
            if door.answers:
                status = door.answers.pop(0)
            elif self.headers.get("Authorization", "").startswith(door.required):
                upstream = http.client.HTTPConnection(node.hostname or "", node.port)
                headers = {"Content-Type": self.headers.get("Content-Type", "application/json")}
                upstream.request(self.command, self.path, body, headers)
                response = upstream.getresponse()
                status, answer = response.status, response.read()
                kind = response.headers["Content-Type"] or kind
                upstream.close()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_DELETE = forward  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "ca.pem", certificates / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    door = Door(f"https://127.0.0.1:{server.server_address[1]}", certificates / "ca.pem")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield door
    server.shutdown()
    server.server_close()


def through(door: Door, **arguments: object) -> OpenSearch:
    defaults = {"opensearch_url": door.url, "opensearch_ca_file": door.ca_file}
    return connect(load(ClusterSettings, **(defaults | arguments)))


def test_tls_with_a_ca_file_and_basic_authentication(door: Door) -> None:
    door.required = EXPECTED
    client = through(door, opensearch_user="reader", opensearch_password="s3cret")
    assert ping_or_raise(client)["version"]["number"] == "3.5.0"
    assert door.seen[-1]["authorization"] == EXPECTED

    wrong = through(door, opensearch_user="reader", opensearch_password="guess")
    with pytest.raises(ClusterUnavailable, match=r"refuses the credentials \(HTTP 401\)") as caught:
        ping_or_raise(wrong)
    assert "guess" not in str(caught.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(door: Door) -> None:
    client = connect(load(ClusterSettings, opensearch_url=door.url, opensearch_retries=0))
    with pytest.raises(ClusterUnavailable, match=r"certificate is not trusted.*_CA_FILE"):
        ping_or_raise(client)
    assert door.seen == []
    unchecked = load(ClusterSettings, opensearch_url=door.url, opensearch_verify_certs=False)
    ping_or_raise(connect(unchecked))


def test_aws_requests_are_signed(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3", reason="the extra aws is not installed")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    door.required = "AWS4-HMAC-SHA256"
    client = through(door, opensearch_aws_region="eu-west-1", opensearch_aws_service="aoss")
    ping_or_raise(client)
    client.search(index="nothing-*", body={"query": {"match": {"title": "手机"}}})
    assert len(door.seen) == 2
    for request in door.seen:
        assert request["x-amz-security-token"] == "token"
        assert request["authorization"] == signed(request, "secret", "eu-west-1", "aoss")


def signed(request: dict[str, str], secret: str, region: str, service: str) -> str:
    """The header that AWS would work out from what arrived: Signature Version 4."""
    names = request["authorization"].split("SignedHeaders=")[1].split(",")[0]
    assert {"host", "x-amz-date"} <= set(names.split(";"))
    path, _, query = request["path"].partition("?")
    parts = [request["method"], quote(path), query]
    parts += [f"{name}:{request[name]}" for name in names.split(";")]
    parts += ["", names, sha256(request["body"].encode()).hexdigest()]
    day = request["x-amz-date"][:8]
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(
        [
            "AWS4-HMAC-SHA256",
            request["x-amz-date"],
            scope,
            sha256("\n".join(parts).encode()).hexdigest(),
        ]
    )
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    return (
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders={names}, "
        f"Signature={key.hex()}"
    )


def test_aws_without_boto3_says_what_to_install(tmp_path: Path) -> None:
    # a module that can't be imported, as on a machine without the extra
    (tmp_path / "boto3.py").write_text("raise ImportError('not here')")
    code = (
        "from plugin_config.client import connect\n"
        "from plugin_config.settings import ClusterSettings, load\n"
        "connect(load(ClusterSettings, opensearch_aws_region='eu-west-1'))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{tmp_path}:{Path.cwd()}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "pip install 'opensearch-live-intent[aws]'" in ran.stderr


def test_overload_is_tried_again_and_an_error_is_not(door: Door) -> None:
    client = through(door, opensearch_retries=2)
    door.answers = [429, 503]
    ping_or_raise(client)
    assert len(door.seen) == 3
    door.answers = [429, 429, 429]
    with pytest.raises(TransportError):
        client.info()
    assert len(door.seen) == 6
    door.answers = [400]
    with pytest.raises(TransportError):
        client.info()
    assert len(door.seen) == 7


def test_nothing_there_says_how_to_start_it() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    client = connect(load(ClusterSettings, opensearch_url=url, opensearch_retries=0))
    with pytest.raises(ClusterUnavailable, match=rf"{url} does not answer.*live-intent node start"):
        ping_or_raise(client)


def test_a_cluster_that_does_not_answer_in_time_is_not_asked_twice(client: OpenSearch) -> None:
    import socket

    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        mute.settimeout(1)
        slow = connect(
            load(
                ClusterSettings,
                opensearch_url=f"http://127.0.0.1:{mute.getsockname()[1]}",
                opensearch_timeout_s=0.2,
            )
        )
        with pytest.raises(ClusterUnavailable, match="does not answer"):
            ping_or_raise(slow)
        mute.accept()[0].close()
        with pytest.raises(TimeoutError):
            mute.accept()


def test_numpy_values_are_written_as_numbers(client: OpenSearch, names: IndexNames) -> None:
    index = f"{names.prefix}numpy"
    vector = np.array([0.5, -0.25], dtype=np.float32)
    lines = [
        {"index": {"_index": index, "_id": "1"}},
        {"v": vector, "n": np.int64(3), "文": "手机"},
    ]
    assert client.bulk(body=lines)["errors"] is False
    assert client.get(index=index, id="1")["_source"] == {"v": [0.5, -0.25], "n": 3, "文": "手机"}


def test_missing_aws_credentials_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("boto3", reason="the extra aws is not installed")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SettingsError, match="boto3 finds no AWS credentials"):
        connect(load(ClusterSettings, opensearch_aws_region="eu-west-1"))
