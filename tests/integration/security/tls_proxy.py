"""TLS before the node, by certificates of an authority made here."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


@contextmanager
def tls_proxy(node_url: str, context: ssl.SSLContext) -> Iterator[int]:
    """Yield the port of 127.0.0.1 where the node answers over TLS."""
    node = urlsplit(node_url)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.settimeout(30)
                plain = context.wrap_socket(self.request, server_side=True)
                with socket.create_connection((node.hostname, node.port or 80)) as server:
                    back = threading.Thread(target=_forward, args=(server, plain), daemon=True)
                    back.start()
                    _forward(plain, server)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def _forward(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
