"""A stand-in for OpenSearch Dashboards: it takes an import as Dashboards does, and keeps it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from tests.local_server import QuietHandler, local_server


@dataclass
class Dashboards:
    """`url`; what was received, and what is answered."""

    url: str = ""
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    file_name: str = ""
    objects: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    answer: dict[str, Any] | None = None  # None: all was imported

    def receive(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Keep a request; return the status and the answer, as Dashboards checks it."""
        self.path, self.headers = path, headers
        if "osd-xsrf" not in headers:
            return 400, b'{"message":"Request must contain a osd-xsrf header."}'
        head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
        message = BytesParser(policy=HTTP).parsebytes(head + body)
        [part] = message.iter_parts()
        self.file_name = part.get_filename() or ""
        if part.get_param("name", header="content-disposition") != "file":
            return 400, b'{"message":"[request body.file]: expected value of type [stream]"}'
        if not self.file_name.endswith(".ndjson"):
            return 400, b'{"message":"Invalid file extension"}'
        content = part.get_payload(decode=True)
        self.objects = [json.loads(line) for line in content.decode().splitlines()]
        imported = {"success": True, "successCount": len(self.objects)}
        return self.status, json.dumps(self.answer or imported).encode()


@contextmanager
def dashboards() -> Iterator[Dashboards]:
    """Serve a stand-in on a free port."""
    stand_in = Dashboards()

    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.answer(*stand_in.receive(self.path, headers, self.body()))

    with local_server(Handler) as stand_in.url:
        yield stand_in
