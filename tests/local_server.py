"""A small HTTP server of a test on a free port: stand-ins, proxies, another origin."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class QuietHandler(BaseHTTPRequestHandler):
    """Logs nothing; connections stay open."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None: ...

    def body(self) -> bytes:
        """Return the body of the request."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(
        self,
        status: int,
        content: bytes = b"",
        kind: str = "application/json",
        length: str | None = None,
    ) -> None:
        """Send an answer; `length`: the Content-Length of an answer to HEAD."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def forwarded(self, node: str, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        """Send the request on to `node` (host:port); return its response and content."""
        connection = http.client.HTTPConnection(node, timeout=60)
        kind = self.headers.get("Content-Type") or "application/json"
        connection.request(self.command, self.path, body, {"Content-Type": kind})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response, content


@contextmanager
def local_server(handler: Any) -> Iterator[str]:
    """Serve until the block ends; the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
