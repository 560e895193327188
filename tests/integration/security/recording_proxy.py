"""An HTTP proxy before the node that notes which requests pass."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.local_server import QuietHandler, local_server

_OWN = ("host", "connection", "transfer-encoding", "content-length")


@dataclass(frozen=True, order=True)
class EngineCall:
    """A request: its path without parameters; `targets` that its body names: (operation, index)."""

    method: str
    path: str
    targets: tuple[tuple[str, str], ...] = ()


@dataclass
class RecordedCalls:
    """What passed so far. `url`: where the proxy listens."""

    url: str
    calls: set[EngineCall] = field(default_factory=set)


@contextmanager
def recording_proxy(node_url: str) -> Iterator[RecordedCalls]:
    """Forward requests to the node and record them."""
    node = urlsplit(node_url)

    class Handler(QuietHandler):
        def forward(self) -> None:
            body = self.body()
            path = urlsplit(self.path).path
            recorded.calls.add(EngineCall(self.command, path, _targets(path, body)))
            connection = http.client.HTTPConnection(node.netloc, timeout=60)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _OWN}
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OWN:
                    self.send_header(name, value)
            length = answer.headers.get("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = forward  # noqa: N815

    with local_server(Handler) as url:
        recorded = RecordedCalls(url)
        yield recorded


def _targets(path: str, body: bytes) -> tuple[tuple[str, str], ...]:
    """The operations and indexes that the lines of a bulk or multi-search body name."""
    last = path.rsplit("/", 1)[-1]
    found: set[tuple[str, str]] = set()
    lines = iter(body.splitlines())
    if last == "_bulk":
        own = path.strip("/").split("/")[0] if path.count("/") > 1 else ""
        for line in lines:
            [(operation, target)] = json.loads(line).items()
            found.add((operation, target.get("_index", own)))
            if operation != "delete":
                next(lines)
    elif last == "_msearch":
        own = path.strip("/").split("/")[0] if path.count("/") > 1 else ""
        for line in lines:
            index = json.loads(line).get("index", own)
            names = index if isinstance(index, list) else [index]
            found |= {("search", name) for name in names}
            next(lines)
    elif last == "_mget":
        found |= {("get", doc.get("_index", "")) for doc in json.loads(body).get("docs", ())}
    elif last == "_aliases":
        for action in json.loads(body)["actions"]:
            [(operation, target)] = action.items()
            names = target.get("indices") or [target["index"]]
            found |= {(operation, name) for name in names}
            found |= {(operation, name) for name in [target.get("alias")] if name}
    return tuple(sorted(found))
