"""A TCP proxy before a node that cuts, delays and half-closes connections, or answers for it."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Mode = Literal["open", "cut", "slow", "half-closed", "busy", "overloaded"]
_STATUS = {"busy": "503 Service Unavailable", "overloaded": "429 Too Many Requests"}
_SLOW_S = 0.25


class FaultyProxy:
    """Forwards connections on `url` to a node, as `mode` says. It is open at first."""

    def __init__(self, node_url: str) -> None:
        host, port = node_url.removeprefix("http://").rstrip("/").split(":")
        self._node = (host, int(port))
        self._sockets: set[socket.socket] = set()
        self.mode: Mode = "open"
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                proxy._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Refuse new connections and end the open ones."""
        self._server.shutdown()
        self._server.server_close()
        self._cut()

    @contextmanager
    def fault(self, mode: Mode) -> Iterator[None]:
        """Behave as `mode` says; connections end where it begins and where it ends."""
        self.mode = mode
        if mode != "slow":
            self._cut()
        try:
            yield
        finally:
            self.mode = "open"
            if mode != "slow":
                self._cut()

    def _cut(self) -> None:
        for each in list(self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _serve(self, client: socket.socket) -> None:
        if self.mode == "cut":
            return
        if status := _STATUS.get(self.mode):
            with suppress(OSError):
                _answer(client, status)
            return
        with suppress(OSError), socket.create_connection(self._node) as node:
            pair = {client, node}
            self._sockets |= pair
            back = threading.Thread(target=self._forward, args=(node, client), daemon=True)
            back.start()
            self._forward(client, node)
            back.join(60)
            self._sockets -= pair

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.mode == "slow":
                    time.sleep(_SLOW_S)
                target.sendall(data)
                if self.mode == "half-closed":  # the other side may send no more
                    target.shutdown(socket.SHUT_WR)
                    return
            target.shutdown(socket.SHUT_WR)


def _answer(client: socket.socket, status: str) -> None:
    """Read a request and answer it with this status."""
    client.settimeout(5)
    received = b""
    while b"\r\n\r\n" not in received:
        if not (data := client.recv(65536)):
            return
        received += data
    header, _, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in header.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length and (data := client.recv(65536)):
        body += data
    content = b'{"error": {"type": "chaos", "reason": "set in the proxy"}, "status": 0}'
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    client.sendall(head.encode() + content)
