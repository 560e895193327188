"""The query service behind a real HTTP server, and a client of its API."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from indexer.encoder.encoder import Encoder
from plugin_config.connection.client import connect
from plugin_config.settings import ClusterSettings, load
from query_service.models import load_models
from query_service.serving.batching import BatchingEncoder
from query_service.serving.service import Service
from query_service.settings import ServiceSettings
from query_service.web.app import create_app


@dataclass(frozen=True)
class Response:
    status: int
    body: Any  # parsed where it is JSON, else text
    headers: Mapping[str, str]


class Api:
    """The service's HTTP API, as a shop's front end calls it."""

    def __init__(self, url: str, **headers: str) -> None:
        self.url = url.rstrip("/")
        self._headers = {"Content-Type": "application/json"} | headers
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def with_key(self, key: str, **headers: str) -> "Api":
        """The same, with an API key."""
        return Api(self.url, **{"Authorization": f"Bearer {key}"} | headers)

    def __call__(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={**self._headers, **(headers or {})},
        )
        try:
            response = self._opener.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            text = response.read().decode()
            is_json = response.headers.get_content_type().endswith("json")
            body = json.loads(text) if is_json else text
            return Response(response.status, body, dict(response.headers))

    def ready(self) -> bool:
        """Whether the service listens and answers that it is ready."""
        try:
            return self("GET", "/readyz").status == 200
        except OSError:
            return False

    def search(self, query: str, session_id: str, **fields: object) -> Any:
        """Search with a deadline that a busy machine can keep; return the body of the answer."""
        body = {"query": query, "session_id": session_id, "deadline_ms": 20_000, **fields}
        response = self("POST", "/v1/search", body)
        assert response.status == 200, response
        return response.body

    def event(self, action: str, item_id: str, session_id: str, **fields: object) -> Response:
        event = {"action": action, "item_id": item_id, "session_id": session_id, **fields}
        return self("POST", "/v1/events", event)


def item_ids(answer: Any) -> list[str]:
    """Return the item ids of an answer's hits."""
    return [hit["item_id"] for hit in answer["hits"]]


ServeItems = Callable[..., AbstractContextManager[Api]]


class _QuietHandler(WSGIRequestHandler):
    """Keeps connections open, and logs no requests."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        pass


@contextmanager
def serving(app: Flask) -> Iterator[Api]:
    """Serve the app in a thread; at the end, close its service."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Api(f"http://127.0.0.1:{server.port}")
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
        app.extensions["live_intent"].close()


@contextmanager
def serving_index(
    cluster: ClusterSettings, encoder: Encoder, *, learned: Path | None = None, **settings: object
) -> Iterator[Api]:
    """Serve the index of `cluster`; `settings` are the service's, with a deadline of 20 s.

    `learned`: a bundle whose models it answers by.
    """
    options = load(ServiceSettings, **({"default_deadline_ms": 20_000} | settings))
    batching = BatchingEncoder(encoder)
    models = load_models(learned, encoder.spec)
    service = Service(options, cluster, connect(cluster), batching, models)
    service.start()
    with serving(create_app(options, cluster, service=service)) as api:
        yield api
    batching.close()
