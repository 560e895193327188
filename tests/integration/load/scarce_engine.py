"""An HTTP proxy before the node that makes searches as slow as an engine with few cores would."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.local_server import QuietHandler, local_server

SLICE_S = 0.005


class ScarceEngine:
    """Forwards requests to a node; searches share `cores`, and each needs `work_s` of one.

    `hangs`: nothing is answered, not even a sign of life.
    """

    def __init__(self, node_url: str) -> None:
        self.node = node_url.removeprefix("http://").rstrip("/")
        self.cores, self.work_s = 1000.0, 0.0
        self.hangs = False
        self.url = ""
        self._at_work = 0
        self._lock = threading.Lock()

    def work(self) -> None:
        """Return when a search has had its time of the cores."""
        with self._lock:
            self._at_work += 1
        left_s = self.work_s
        while left_s > 0 and self.work_s:
            time.sleep(SLICE_S)
            left_s -= SLICE_S * min(1.0, self.cores / self._at_work)
        with self._lock:
            self._at_work -= 1

    def pause(self) -> None:
        """Return when it does not hang."""
        while self.hangs:
            time.sleep(SLICE_S)


@contextmanager
def scarce_engine(node_url: str) -> Iterator[ScarceEngine]:
    """Run a proxy before the node."""
    engine = ScarceEngine(node_url)

    class Handler(QuietHandler):
        def handle_any(self) -> None:
            body = self.body()
            engine.pause()
            if "/_msearch" in self.path:
                engine.work()
            response, content = self.forwarded(engine.node, body)
            kind = response.headers.get("Content-Type") or "application/json"
            with suppress(OSError):  # the service has given up
                self.answer(response.status, content, kind, response.headers.get("Content-Length"))

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815

    with local_server(Handler) as engine.url:
        try:
            yield engine
        finally:
            engine.hangs, engine.work_s = False, 0.0
