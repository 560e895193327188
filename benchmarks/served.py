"""The index and the query service as a benchmark uses them: made by commands, asked over HTTP."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
from opensearchpy import OpenSearch

from benchmarks.datasets import DATASETS
from live_intent.demo.service import BackgroundService
from plugin_config.connection.client import connect, ping_or_raise
from plugin_config.node.node_process import free_port
from plugin_config.ownership import refuse_foreign
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load

PREFIX = "LIVE_INTENT_INDEX_PREFIX"
COMMAND = [sys.executable, "-m", "live_intent.main"]


class Api:
    """The service's HTTP API over persistent connections.

    Searches go to `searches`, the URL of another process of the service, where one is named.
    """

    def __init__(self, url: str, *, searches: str = "", connections: int = 8) -> None:
        self._url = url.rstrip("/")
        self._searches = (searches or url).rstrip("/")
        self._pool = urllib3.PoolManager(maxsize=connections, retries=False)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST JSON and return the parsed response; a status of 300 or more ends the benchmark."""
        response = self._pool.request(
            "POST",
            (self._searches if path == "/v1/search" else self._url) + path,
            body=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        if response.status >= 300:
            raise SystemExit(f"POST {path} answered {response.status}: {response.data.decode()}")
        return json.loads(response.data)

    def click(self, session_id: str, item_id: str) -> None:
        """Record a click; the benchmark ends when the service does not accept the request."""
        event = {"action": "click", "session_id": session_id, "item_id": item_id}
        self.post("/v1/events", {"events": [event]})


@contextmanager
def shared_index() -> Iterator[tuple[OpenSearch, IndexNames]]:
    """Yield the cluster of the environment; index the homedepot titles if its alias has no index.

    The index stays for the next run, below the prefix `bench-homedepot-` unless one is set.
    """
    os.environ.setdefault(PREFIX, "bench-homedepot-")
    with _cluster() as (client, names):
        if not client.indices.exists_alias(name=names.items):
            catalogue = DATASETS / "homedepot" / "items.jsonl.gz"
            if not catalogue.exists():
                raise SystemExit(
                    f"no index behind {names.items} and no {catalogue}: set DATASETS_DIR to the "
                    f"data's folder, or {PREFIX} to the prefix of an existing index"
                )
            for arguments in (["config", "apply"], ["index", "rebuild", str(catalogue)]):
                subprocess.run([*COMMAND, *arguments], check=True)
        yield client, names


@contextmanager
def own_index(benchmark: str, *, keep: bool) -> Iterator[tuple[OpenSearch, IndexNames]]:
    """Yield the cluster with an index prefix of this benchmark's own, set in the environment too.

    At the end the indexes below the prefix are removed, unless `keep`.
    """
    prefix = os.environ.get(PREFIX, "")
    os.environ[PREFIX] = f"{load(ClusterSettings).index_prefix}bench-{benchmark}-"
    with _cluster() as (client, names):
        try:
            yield client, names
        finally:
            if not keep:
                remove(client, names)
            os.environ[PREFIX] = prefix


@contextmanager
def _cluster() -> Iterator[tuple[OpenSearch, IndexNames]]:
    settings = load(ClusterSettings)
    client = connect(settings)
    try:
        ping_or_raise(client)
        yield client, IndexNames(settings.index_prefix)
    finally:
        client.close()


def rebuild(catalogue: Path, options: Sequence[str] = ()) -> dict[str, Any]:
    """Run `live-intent index rebuild CATALOGUE` and return its figures; end when it fails.

    `items_per_s` is of the whole process, `fill_items_per_s` of the fill; `peak_mib` is the peak
    resident memory in MiB.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        [*COMMAND, "index", "rebuild", str(catalogue), *options, "--quiet", "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"indexing {catalogue} ended with status {process.returncode}")
    report = json.loads(output)
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    return {
        "rows": report["rows"],
        "items": report["count"],
        "rejects": report["rejects"],
        "seconds": round(seconds, 1),
        "items_per_s": round(report["count"] / seconds, 1),
        "fill_items_per_s": round(report["items_per_s"], 1),
        "peak_mib": round(usage.ru_maxrss * unit / 2**20),
    }


def remove(client: OpenSearch, names: IndexNames) -> None:
    """Delete every index below a benchmark's prefix, and its bundle.

    Raises ValueError for any other prefix, ForeignIndex for an index that we did not make.
    """
    if not names.prefix.startswith("bench-") and "-bench-" not in names.prefix:
        raise ValueError(f"the prefix {names.prefix!r} is no benchmark's: nothing is deleted")
    bundles = load(ClusterSettings).bundles_dir
    refuse_foreign(client, [f"{names.prefix}*"])
    for index in client.indices.get(index=f"{names.prefix}*", ignore=[404]):
        client.indices.delete(index=index, ignore=[404])
        shutil.rmtree(bundles / index, ignore_errors=True)


@contextmanager
def served(url: str | None) -> Iterator[str]:
    """Yield the service's address: `url`, or that of a service started for this benchmark."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        service = BackgroundService(Path(folder))
        try:
            yield service.start(free_port(), os.environ).url
        finally:
            service.stop()
