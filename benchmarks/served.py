"""The query service as a benchmark uses it: over HTTP, on an index that is made when missing."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
from opensearchpy import OpenSearch

from live_intent.demo.service import BackgroundService
from plugin_config.client import connect
from plugin_config.node.node_process import free_port
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load

PREFIX = "bench-homedepot-"
DATASETS = Path(os.environ.get("DATASETS_DIR", Path(__file__).parents[2] / "shared" / "data"))


class Api:
    """The service's HTTP API, over connections that are kept.

    Searches go to `searches`, another process of the service, where one is named.
    """

    def __init__(self, url: str, *, searches: str = "", connections: int = 8) -> None:
        self._url = url.rstrip("/")
        self._searches = (searches or url).rstrip("/")
        self._pool = urllib3.PoolManager(maxsize=connections, retries=False)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The answer to a POST of JSON; any other status than 2xx ends the benchmark."""
        answer = self._pool.request(
            "POST",
            (self._searches if path == "/v1/search" else self._url) + path,
            body=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        if answer.status >= 300:
            raise SystemExit(f"POST {path} answered {answer.status}: {answer.data.decode()}")
        return json.loads(answer.data)

    def click(self, session_id: str, item_id: str) -> None:
        """Tell of a click, and see that it is kept."""
        event = {"action": "click", "session_id": session_id, "item_id": item_id}
        self.post("/v1/events", {"events": [event]})


@contextmanager
def cluster() -> Iterator[tuple[OpenSearch, IndexNames]]:
    """The cluster of the environment's settings, with the prefix of benchmarks if none is set."""
    os.environ.setdefault("LIVE_INTENT_INDEX_PREFIX", PREFIX)
    settings = load(ClusterSettings)
    client = connect(settings)
    try:
        yield client, IndexNames(settings.index_prefix)
    finally:
        client.close()


def make_index(client: OpenSearch, names: IndexNames) -> None:
    """Index the homedepot titles, unless the alias has an index already."""
    if client.indices.exists_alias(name=names.items):
        return
    catalogue = DATASETS / "homedepot" / "items.jsonl.gz"
    if not catalogue.exists():
        raise SystemExit(
            f"no index behind {names.items} and no {catalogue}: set DATASETS_DIR to the data's "
            "folder, or LIVE_INTENT_INDEX_PREFIX to the prefix of an index that is there"
        )
    live_intent("config", "apply")
    live_intent("index", "rebuild", str(catalogue))


def live_intent(*arguments: str) -> None:
    """Run a command of ours with this environment."""
    subprocess.run([sys.executable, "-m", "live_intent.main", *arguments], check=True)


@contextmanager
def served(url: str | None) -> Iterator[str]:
    """The address of the service: `url`, or of one that is started for the benchmark."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        service = BackgroundService(Path(folder))
        try:
            yield service.start(free_port(), os.environ).url
        finally:
            service.stop()
