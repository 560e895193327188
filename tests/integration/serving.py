"""A small index, and the service on it: in a thread, or as the command `live-intent serve`."""

import json
import os
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

KINDS = ("running shoes", "coffee machine", "desk lamp", "wireless headphones", "rain jacket")
BRANDS = ("Acme", "Bolt", "Cube")
COLOURS = ("red", "blue", "green", "black")


def write_items(path: Path, count: int = 60) -> Path:
    """A catalogue of five kinds of things by three brands."""
    with path.open("w") as file:
        for n in range(count):
            kind, brand, colour = KINDS[n % 5], BRANDS[n % 3], COLOURS[n % 4]
            row = {
                "item_id": f"i{n}",
                "title": f"{brand} {kind}, {colour}, model {n}",
                "brand": brand,
                "category": ["Shop", kind.capitalize()],
                "price": 5 + n,
                "popularity": n % 7,
            }
            file.write(json.dumps(row) + "\n")
    return path


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]


class Api:
    """The service as its client sees it."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __call__(self, method: str, path: str, body: object = None) -> Answer:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            answer = self._opener.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            text = answer.read().decode()
            kind = answer.headers.get_content_type()
            parsed = json.loads(text) if kind.endswith("json") else text
            return Answer(answer.status, parsed, dict(answer.headers))

    def search(self, query: str, session_id: str, **more: object) -> Any:
        body = {"query": query, "session_id": session_id, "deadline_ms": 20_000, **more}
        answer = self("POST", "/v1/search", body)
        assert answer.status == 200, answer
        return answer.body

    def event(self, action: str, item_id: str, session_id: str, **more: object) -> Answer:
        event = {"action": action, "item_id": item_id, "session_id": session_id, **more}
        return self("POST", "/v1/events", event)


def ids(answer: Any) -> list[str]:
    return [hit["item_id"] for hit in answer["hits"]]


def wait_for(what: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


@contextmanager
def in_thread(app: Flask) -> Iterator[Api]:
    """The app behind a real HTTP server."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Api(f"http://127.0.0.1:{server.port}")
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def start_serve(arguments: list[str], environment: Mapping[str, str], log: Path) -> Any:
    """`live-intent serve` as a process; its output goes to `log`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "live_intent.main", "serve", *arguments],
            env=kept | {"OMP_NUM_THREADS": "2"} | dict(environment),
            cwd=Path(__file__).parents[2],
            stdout=output,
            stderr=subprocess.STDOUT,
        )


class Proxy:
    """A TCP proxy before the node; while it is closed, the node is gone for its clients."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("http://").rstrip("/").split(":")
        self._target = (host, int(port))
        self._open: set[socket.socket] = set()
        self._server: socketserver.ThreadingTCPServer | None = None
        self.port = 0
        self.open()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError), socket.create_connection(proxy._target) as there:
                    proxy._open |= {self.request, there}
                    back = threading.Thread(target=_pump, args=(there, self.request), daemon=True)
                    back.start()
                    _pump(self.request, there)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
