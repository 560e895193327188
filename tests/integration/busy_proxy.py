"""An HTTP proxy before the node that answers bulk requests as an overloaded cluster does."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.local_server import QuietHandler, local_server

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

    class Handler(QuietHandler):
        def handle_any(self) -> None:
            body = self.body()
            proxy.headers.append((self.path, dict(self.headers)))
            status = 200
            if "/_bulk" in self.path:
                status = proxy.next_answer(body.count(b"\n"))
            if status == 200:
                response, content = self.forwarded(proxy.node, body)
                kind = response.headers.get("Content-Type") or "application/json"
                self.answer(response.status, content, kind)
            else:
                self.answer(status, json.dumps({**TOO_BUSY, "status": status}).encode())

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815

    with local_server(Handler) as proxy.url:
        yield proxy
