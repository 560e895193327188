"""CPU and latency of a search through one or several services, beside the bare engine, in turns.

    python -m benchmarks.load.cpu_per_search --tree before=FOLDER --tree after=. [--new]

Each `--tree` is a checkout whose service is started on the same index. A round sends the same
searches to each service, and as a bare `_msearch` (BM25 and k-NN, 100 hits each, no sources, query
vectors encoded before) to the engine, by clients in a closed loop. Zipf's queries by sessions with
events; with `--new`, queries that the service has not met. CPU is that of the service's worker
processes (Linux: /proc) and of the engine's process (`_nodes/stats`): storing the queries, merges
and garbage are among it. With one client the times are latencies of an idle service.
"""

import json
import os
import random
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import urllib3
from opensearchpy import OpenSearch

from benchmarks.datasets import homedepot_queries
from benchmarks.latency.clicks import some_items
from benchmarks.latency.search import bare_msearch
from benchmarks.load.serve_process import ServeProcess, serve_process
from benchmarks.served import Api, shared_index
from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load

SESSIONS, ZIPF_QUERIES, SETTLE_S = 200, 1000, 0.5
BARE = "bare"


@dataclass
class Measured:
    """What one of them took, round by round."""

    ms: list[float] = field(default_factory=list)
    service_cpu: list[float] = field(default_factory=list)  # ms a search
    engine_cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)  # answers a second


@click.command()
@click.option("--tree", "trees", multiple=True, required=True, help="name=folder of a checkout")
@click.option("--new", is_flag=True, help="queries that nobody asked before")
@click.option("--searches", default=300, show_default=True, help="of each round")
@click.option("--rounds", default=5, show_default=True)
@click.option("--clients", default=4, show_default=True)
@click.option("--events", default=20, show_default=True, help="in a session")
def main(
    *, trees: Sequence[str], new: bool, searches: int, rounds: int, clients: int, events: int
) -> None:
    """Compare them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        client, names = stack.enter_context(shared_index())
        bundles = str(load(ClusterSettings).bundles_dir.resolve())
        own = {**os.environ, "LIVE_INTENT_BUNDLES_DIR": bundles, "LIVE_INTENT_DRAIN_S": "0"}
        services = {
            name: stack.enter_context(
                serve_process(folder / f"{name}.log", checkout=Path(tree), variables=own)
            )
            for name, _, tree in (each.partition("=") for each in trees)
        }
        queries = homedepot_queries()
        random.Random(1).shuffle(queries)
        plan = _rounds(queries, searches, rounds + 1, new=new)
        distinct = list(dict.fromkeys(query for batch in plan for query in batch))
        vectors = load_encoder(load(EncoderSettings)).encode_queries(distinct)
        bare = {
            query: "".join(f"{json.dumps(line)}\n" for line in bare_msearch(names.items, query, v))
            for query, v in zip(distinct, vectors, strict=True)
        }
        sessions = _sessions(client, names, next(iter(services.values())).url, events)
        measured = {name: Measured() for name in (*services, BARE)}
        url = load(ClusterSettings).opensearch_url.split(",")[0]
        for number, batch in enumerate(plan):
            order = list(measured)[:: 1 if number % 2 else -1]
            for name in order:
                if name == BARE:
                    send = _sender(f"{url}/_msearch", lambda n, b=batch: bare[b[n]])  # type: ignore[misc]
                else:
                    send = _sender(f"{services[name].url}/v1/search", _search(batch, sessions))
                service = services.get(name)
                into = measured[name] if number else Measured()  # the first one warms up
                _measure(client, service, send, into, count=len(batch), clients=clients)
    _report(measured)


def _rounds(queries: Sequence[str], searches: int, rounds: int, *, new: bool) -> list[list[str]]:
    if new:
        return [list(queries[n * searches : (n + 1) * searches]) for n in range(rounds)]
    drawn, weights = random.Random(2), [1 / rank for rank in range(1, ZIPF_QUERIES + 1)]
    return [drawn.choices(queries[:ZIPF_QUERIES], weights, k=searches) for _ in range(rounds)]


def _search(batch: Sequence[str], sessions: Sequence[str]) -> Callable[[int], str]:
    def body(number: int) -> str:
        session = sessions[number % len(sessions)]
        return json.dumps({"query": batch[number], "session_id": session, "deadline_ms": 20_000})

    return body


def _sessions(client: OpenSearch, names: IndexNames, url: str, events: int) -> list[str]:
    """Sessions with events, new in each run."""
    api, run = Api(url), uuid.uuid4().hex[:8]
    items = [item_id for item_id, _ in some_items(client, names, SESSIONS * events)]
    sessions = [f"cpu-{run}-{number}" for number in range(SESSIONS)]
    for number, session_id in enumerate(sessions):
        clicked = items[number * events : (number + 1) * events]
        event = {"action": "click", "session_id": session_id}
        api.post("/v1/events", {"events": [event | {"item_id": item_id} for item_id in clicked]})
    return sessions


Send = Callable[[urllib3.PoolManager, int], float]


def _sender(url: str, body: Callable[[int], str]) -> Send:
    """What sends request n and returns its milliseconds; a failed or degraded answer ends all."""

    def send(pool: urllib3.PoolManager, number: int) -> float:
        text = body(number).encode()
        begun = time.perf_counter()
        kind = "x-ndjson" if "_msearch" in url else "json"
        headers = {"Content-Type": f"application/{kind}"}
        response = pool.request("POST", url, body=text, headers=headers)
        ms = (time.perf_counter() - begun) * 1000
        if response.status != 200 or (b'"degraded":[]' not in response.data and kind == "json"):
            raise SystemExit(f"{url}: {response.status} {response.data.decode()[:2000]}")
        return ms

    return send


def _measure(
    client: OpenSearch,
    service: ServeProcess | None,
    send: Send,
    into: Measured,
    *,
    count: int,
    clients: int,
) -> None:
    """Send `count` requests by `clients` and note what they took."""
    numbers, times = iter(range(count)), []

    def ask() -> None:
        pool = urllib3.PoolManager(maxsize=1, retries=False)
        for number in numbers:
            times.append(send(pool, number))

    before, began = _cpu_ms(client, service), time.perf_counter()
    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if len(times) < count:
        raise SystemExit("not every search was answered")
    time.sleep(SETTLE_S)  # the last queries are stored
    after = _cpu_ms(client, service)
    into.ms += times
    into.rate.append(count / seconds)
    into.service_cpu.append((after[0] - before[0]) / count)
    into.engine_cpu.append((after[1] - before[1]) / count)


def _cpu_ms(client: OpenSearch, service: ServeProcess | None) -> tuple[float, float]:
    """CPU milliseconds of the service's workers and of the engine so far."""
    stats: dict[str, Any] = client.nodes.stats(metric="process")["nodes"]
    engine = sum(node["process"]["cpu"]["total_in_millis"] for node in stats.values())
    return (service.cpu_s * 1000 if service else 0.0), float(engine)


def _report(measured: dict[str, Measured]) -> None:
    bare = measured[BARE]
    of_bare = statistics.median(bare.engine_cpu)
    for name, each in measured.items():
        service, engine = map(statistics.median, (each.service_cpu, each.engine_cpu))
        totals = [s + e for s, e in zip(each.service_cpu, each.engine_cpu, strict=True)]
        quantiles = statistics.quantiles(each.ms, n=20)
        ratio = statistics.median(each.ms) / statistics.median(bare.ms)
        click.echo(
            f"{name:10} service {service:5.1f} + engine {engine:5.1f} ms of CPU a search "
            f"({min(totals):.1f} to {max(totals):.1f}), bare is {of_bare / (service + engine):.2f};"
            f" p50 {statistics.median(each.ms):5.1f} p95 {quantiles[-1]:5.1f} ms, "
            f"{ratio:.2f} x bare; {statistics.median(each.rate):.0f}/s"
        )


if __name__ == "__main__":
    main()
