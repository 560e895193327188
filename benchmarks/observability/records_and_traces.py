"""What records with explanations and traces cost a search, and how large a record is.

    python -m benchmarks.observability.records_and_traces [--rounds 300]

It searches the live index of the settings as a visitor with 20 events, in turns: without shares in
the record, with them, traced into a collector (a process that reads and drops), and traced with a
sampler that drops all. All in one process; the ratios are of medians and of 99th percentiles.
"""

import argparse
import json
import multiprocessing
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from flask.testing import FlaskClient

from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from plugin_config.connection.client import connect
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.serving.assembly import service_of
from query_service.settings import ServiceSettings
from query_service.web.app import create_app

QUERIES = ("headphones", "running shoes", "desk lamp", "coffee machine", "rain jacket")


class _Drops(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _collect(port: Any) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Drops)
    port.send(server.server_address[1])
    server.serve_forever()


@contextmanager
def _collector() -> Iterator[str]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_collect, args=(theirs,), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    rounds = parser.parse_args().rounds
    cluster, encoder = load(ClusterSettings), load_encoder(load(EncoderSettings))

    def client(**settings: object) -> FlaskClient:
        service_settings = load(
            ServiceSettings, default_deadline_ms=60_000, **({"explained_hits": 20} | settings)
        )
        service = service_of(service_settings, cluster, encoder)
        service.start()
        made: FlaskClient = create_app(service_settings, cluster, service=service).test_client()
        return made

    with _collector() as address:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = address
        clients = {
            "no shares kept": client(explained_hits=0),
            "as it is": client(),
            "traced": client(traces=True),
        }
        os.environ["OTEL_TRACES_SAMPLER"] = "always_off"
        clients["traced, none sampled"] = client(traces=True)
        times = _times(clients, rounds)
        for each in clients.values():
            each.application.extensions["live_intent"].close()
    print(json.dumps(_figures(times) | _sizes(cluster), indent=2))


def _times(clients: dict[str, FlaskClient], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each search; the clients take turns, whoever comes first."""
    session = f"benchmark-{uuid.uuid4().hex[:8]}"
    first = next(iter(clients.values()))
    hits = _search(first, QUERIES[0], session)["hits"] + _search(first, QUERIES[1], session)["hits"]
    for hit in hits[:20]:
        event = {"action": "click", "item_id": hit["item_id"], "session_id": session}
        first.post("/v1/events", json=event)
    times: dict[str, list[float]] = {name: [] for name in clients}
    for number in range(rounds + 10):
        names = list(clients)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            started = time.perf_counter()
            _search(clients[name], QUERIES[number % len(QUERIES)], session)
            if number >= 10:
                times[name].append((time.perf_counter() - started) * 1000)
    return times


def _search(client: FlaskClient, query: str, session: str) -> Any:
    answer = client.post("/v1/search", json={"query": query, "session_id": session, "size": 20})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def _figures(times: dict[str, list[float]]) -> dict[str, Any]:
    base = times["as it is"]
    return {
        name: {
            "median_ms": round(float(np.median(taken)), 2),
            "p99_ms": round(float(np.percentile(taken, 99)), 2),
            "median_ratio": round(float(np.median(taken) / np.median(base)), 3),
            "p99_ratio": round(float(np.percentile(taken, 99) / np.percentile(base, 99)), 3),
        }
        for name, taken in times.items()
    }


def _sizes(cluster: ClusterSettings) -> dict[str, Any]:
    """Bytes of a row: as JSON, and on the engine's disk after a merge."""
    client, names = connect(cluster), IndexNames(cluster.index_prefix)
    index = names.ubi_queries
    client.indices.refresh(index=index)
    client.indices.forcemerge(index=index, params={"max_num_segments": 1, "request_timeout": 60})
    found = client.search(index=index, body={"size": 500, "sort": [{"timestamp": "desc"}]})
    rows = [json.dumps(hit["_source"]) for hit in found["hits"]["hits"]]
    with_shares = [len(row) for row in rows if '"shares"' in row]
    without = [len(row) for row in rows if '"shares"' not in row]
    stats = client.indices.stats(index=index, metric="store,docs")["indices"][index]["primaries"]
    return {
        "row_json_bytes": {
            "with_shares_of_20_hits": round(float(np.mean(with_shares))),
            "without": round(float(np.mean(without))),
        },
        "disk_bytes_a_row": round(stats["store"]["size_in_bytes"] / stats["docs"]["count"]),
    }


if __name__ == "__main__":
    main()
