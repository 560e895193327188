"""Requests to a Docker engine; a fake engine answers them, so that none is needed."""

import http.server
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from plugin_config.errors import NodeError
from plugin_config.node import docker_node

pytest.importorskip("docker", reason="the extra docker is not installed")


class Engine:
    """A fake engine with at most one container; `requests` holds the requests so far."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.created: dict[str, Any] = {}
        self.image = self.running = False
        self.refuses = ""

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        path = re.sub(r"^/v[\d.]+", "", urlsplit(path).path)
        self.requests.append(f"{method} {path}")
        if path == "/version":
            return 200, {"ApiVersion": "1.44"}
        if path.startswith("/images/"):
            return self._images(method)
        if path == "/containers/create":
            if self.refuses:
                return 500, {"message": self.refuses}
            self.created = body
            return 201, {"Id": "c1", "Warnings": []}
        if path.startswith("/containers/"):
            return self._container(method, path)
        return (204 if method == "DELETE" else 200), {"Name": path.rsplit("/", 1)[1]}

    def _images(self, method: str) -> tuple[int, Any]:
        if method == "POST":
            self.image = True
            return 200, {"status": "pulled"}
        if self.image:
            return 200, {"Id": "sha256:1", "RepoTags": []}
        return 404, {"message": "No such image"}

    def _container(self, method: str, path: str) -> tuple[int, Any]:
        if not self.created:
            return 404, {"message": "No such container"}
        if method == "DELETE":
            self.created = {}
            return 204, None
        if method == "POST":
            self.running = path.endswith("/start")
            return 204, None
        state = {"Status": "running" if self.running else "exited"}
        return 200, {"Id": "c1", "Name": "/x", "State": state, "Config": {}, "Image": "i"}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    engine = Engine()

    class Handler(http.server.BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, response = engine.answer(
                self.command, self.path, json.loads(body) if body else None
            )
            content = b"" if response is None else json.dumps(response).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_address[1]}")
        yield engine
        server.shutdown()


def test_a_node_is_a_container_on_the_loopback_address(engine: Engine, tmp_path: Path) -> None:
    lines: list[str] = []
    assert docker_node.reachable()
    docker_node.launch(tmp_path, "main", 9207, "768m", lines.append)
    assert any("pulling opensearchproject/opensearch:3.5.0" in line for line in lines)
    created = engine.created
    assert created["Image"] == "opensearchproject/opensearch:3.5.0"
    assert created["HostConfig"]["PortBindings"] == {
        "9200/tcp": [{"HostIp": "127.0.0.1", "HostPort": "9207"}]
    }
    assert "OPENSEARCH_JAVA_OPTS=-Xms768m -Xmx768m" in created["Env"]
    assert "DISABLE_SECURITY_PLUGIN=true" in created["Env"]
    assert created["Labels"]["live-intent.node"] == "main"
    assert docker_node.runs(tmp_path, "main")


def test_it_is_stopped_started_again_and_removed(engine: Engine, tmp_path: Path) -> None:
    docker_node.launch(tmp_path, "main", 9207, "512m", print)
    docker_node.stop(tmp_path, "main")
    assert not docker_node.runs(tmp_path, "main")
    docker_node.launch(tmp_path, "main", 9208, "512m", print)  # replaces the old container
    assert docker_node.runs(tmp_path, "main")
    docker_node.remove(tmp_path, "main")
    assert not docker_node.runs(tmp_path, "main")
    assert any(line.startswith("DELETE /volumes/live-intent-") for line in engine.requests)
    docker_node.remove(tmp_path, "main")  # already removed: no error


def test_a_refusal_of_the_engine_names_the_alternative(engine: Engine, tmp_path: Path) -> None:
    engine.refuses = "port is already allocated"
    with pytest.raises(NodeError, match=r"port is already allocated.*--by maven"):
        docker_node.launch(tmp_path, "main", 9207, "512m", print)


def test_without_an_engine_nothing_is_reachable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    assert not docker_node.reachable()
    assert not docker_node.runs(tmp_path, "main")
    with pytest.raises(NodeError, match="no Docker engine can be reached"):
        docker_node.stop(tmp_path, "main")
