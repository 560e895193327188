"""A TCP proxy before the node: closing it makes the cluster unreachable for its clients."""

import socket
import socketserver
import threading
from contextlib import suppress


class ClusterProxy:
    """Forwards connections on `url` to a node while it is open; it can be opened again."""

    def __init__(self, node_url: str) -> None:
        host, port = node_url.removeprefix("http://").rstrip("/").split(":")
        self._node = (host, int(port))
        self._sockets: set[socket.socket] = set()
        self._server: socketserver.ThreadingTCPServer | None = None
        self.port = 0
        self.open()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Listen, on the same port as before."""
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError), socket.create_connection(proxy._node) as node:
                    proxy._sockets |= {self.request, node}
                    arguments = (node, self.request)
                    threading.Thread(target=_forward, args=arguments, daemon=True).start()
                    _forward(self.request, node)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Refuse new connections and end the open ones."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        for each in list(self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()


def _forward(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
