"""The client against a real node behind a TLS proxy, which records the requests."""

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

from plugin_config.connection.client import connect, ping_or_raise
from plugin_config.errors import ClusterUnavailable, SettingsError
from plugin_config.node.node_process import free_port
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load

BASIC_AUTH = "Basic " + b64encode(b"reader:s3cret").decode()


@dataclass
class Proxy:
    """A TLS reverse proxy before the node; `statuses` are sent in turn, without asking the node."""

    url: str
    ca_file: Path
    required: str = ""  # start of the Authorization header
    requests: list[dict[str, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)


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
def proxy(node_url: str, certificates: Path) -> Iterator[Proxy]:
    node = urlsplit(node_url)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = {key.lower(): value for key, value in self.headers.items()}
            request |= {"method": self.command, "path": self.path, "body": body.decode()}
            proxy.requests.append(request)
            status, content_type, content = 401, "text/plain", b"who are you?"
            if proxy.statuses:
                status = proxy.statuses.pop(0)
            elif self.headers.get("Authorization", "").startswith(proxy.required):
                upstream = http.client.HTTPConnection(node.hostname or "", node.port)
                headers = {"Content-Type": self.headers.get("Content-Type", "application/json")}
                upstream.request(self.command, self.path, body, headers)
                response = upstream.getresponse()
                status, content = response.status, response.read()
                content_type = response.headers["Content-Type"] or content_type
                upstream.close()
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = forward  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "ca.pem", certificates / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    proxy = Proxy(f"https://127.0.0.1:{server.server_address[1]}", certificates / "ca.pem")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield proxy
    server.shutdown()
    server.server_close()


def client_through(proxy: Proxy, **arguments: object) -> OpenSearch:
    defaults = {"opensearch_url": proxy.url, "opensearch_ca_file": proxy.ca_file}
    return connect(load(ClusterSettings, **(defaults | arguments)))


def test_tls_with_a_ca_file_and_basic_authentication(proxy: Proxy) -> None:
    proxy.required = BASIC_AUTH
    client = client_through(proxy, opensearch_user="reader", opensearch_password="s3cret")
    assert ping_or_raise(client)["version"]["number"] == "3.5.0"
    assert proxy.requests[-1]["authorization"] == BASIC_AUTH

    wrong = client_through(proxy, opensearch_user="reader", opensearch_password="guess")
    with pytest.raises(ClusterUnavailable, match=r"refuses the credentials \(HTTP 401\)") as caught:
        ping_or_raise(wrong)
    assert "guess" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "content"), [("text/html", b"<p>hi"), ("application/json", b"{}")]
)
def test_a_server_that_is_no_opensearch_is_said_to_be_none(kind: str, content: bytes) -> None:
    class Shop(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        client = connect(load(ClusterSettings, opensearch_url=url))
        with pytest.raises(ClusterUnavailable, match=f"{url} is no OpenSearch: set LIVE_INTENT_"):
            ping_or_raise(client)
        server.shutdown()


def test_an_untrusted_certificate_is_refused(proxy: Proxy) -> None:
    client = connect(load(ClusterSettings, opensearch_url=proxy.url, opensearch_retries=0))
    with pytest.raises(ClusterUnavailable, match=r"certificate is not trusted.*_CA_FILE"):
        ping_or_raise(client)
    assert proxy.requests == []
    unchecked = load(ClusterSettings, opensearch_url=proxy.url, opensearch_verify_certs=False)
    ping_or_raise(connect(unchecked))


def test_aws_requests_are_signed(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3", reason="the extra aws is not installed")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    proxy.required = "AWS4-HMAC-SHA256"
    client = client_through(proxy, opensearch_aws_region="eu-west-1", opensearch_aws_service="aoss")
    ping_or_raise(client)
    client.search(index="nothing-*", body={"query": {"match": {"title": "手机"}}})
    assert len(proxy.requests) == 2
    for request in proxy.requests:
        assert request["x-amz-security-token"] == "token"
        assert request["authorization"] == signed(request, "secret", "eu-west-1", "aoss")


def signed(request: dict[str, str], secret: str, region: str, service: str) -> str:
    """The header that AWS computes from a received request: Signature Version 4."""
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
        "from plugin_config.connection.client import connect\n"
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
    assert "pip install boto3" in ran.stderr


def test_overload_is_retried_and_other_errors_are_not(proxy: Proxy) -> None:
    client = client_through(proxy, opensearch_retries=2)
    proxy.statuses = [429, 503]
    ping_or_raise(client)
    assert len(proxy.requests) == 3
    proxy.statuses = [429, 429, 429]
    with pytest.raises(TransportError):
        client.info()
    assert len(proxy.requests) == 6
    proxy.statuses = [400]
    with pytest.raises(TransportError):
        client.info()
    assert len(proxy.requests) == 7


def test_a_cluster_that_is_not_running_is_an_error_that_says_how_to_start_it() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    client = connect(load(ClusterSettings, opensearch_url=url, opensearch_retries=0))
    with pytest.raises(ClusterUnavailable, match=rf"{url} does not answer.*live-intent node start"):
        ping_or_raise(client)


def test_https_to_a_cluster_without_tls_is_not_told_as_a_certificate(node_url: str) -> None:
    url = node_url.replace("http://", "https://")
    client = connect(load(ClusterSettings, opensearch_url=url, opensearch_retries=0))
    with pytest.raises(
        ClusterUnavailable, match=r"does not answer in TLS.*write http://"
    ) as caught:
        ping_or_raise(client)
    assert "certificate" not in str(caught.value)


def test_a_timeout_is_not_retried(client: OpenSearch) -> None:
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


def test_missing_aws_credentials_are_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("boto3", reason="the extra aws is not installed")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SettingsError, match="boto3 finds no AWS credentials"):
        connect(load(ClusterSettings, opensearch_aws_region="eu-west-1"))
