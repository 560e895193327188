"""An HTTP proxy before the node that answers bulk requests as an overloaded cluster does."""

import http.client
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOO_BUSY = {"error": {"type": "rejected_execution_exception", "reason": "too busy"}}


class BusyProxy:
    """Forwards requests to a node; `answers` are for the next bulk requests, 200: as the node's."""

    def __init__(self, node_url: str) -> None:
        self.node = node_url.removeprefix("http://").rstrip("/")
        self.answers: list[int] = []
        self.sizes: list[int] = []  # of the bulk requests that came, in lines
        self.headers: list[tuple[str, dict[str, str]]] = []  # path and headers of what came
        self.url = ""
        self._lock = threading.Lock()

    def next_answer(self, lines: int) -> int:
        """Return the status for a bulk request of so many lines."""
        with self._lock:
            self.sizes.append(lines)
            return self.answers.pop(0) if self.answers else 200


@contextmanager
def busy_proxy(node_url: str, answers: Sequence[int] = ()) -> Iterator[BusyProxy]:
    """Run a proxy before the node."""
    proxy = BusyProxy(node_url)
    proxy.answers += answers

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            proxy.headers.append((self.path, dict(self.headers)))
            status, kind, answer = 200, "application/json", b""
            if "/_bulk" in self.path:
                status = proxy.next_answer(body.count(b"\n"))
            if status == 200:
                node = http.client.HTTPConnection(proxy.node, timeout=60)
                headers = {"Content-Type": self.headers.get("Content-Type") or kind}
                node.request(self.command, self.path, body, headers)
                response = node.getresponse()
                status, answer = response.status, response.read()
                kind = response.headers.get("Content-Type") or kind
                node.close()
            else:
                answer = json.dumps({**TOO_BUSY, "status": status}).encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
