"""Visits at rising rates until the service is saturated, beside the bare engine in the same run.

    uv pip install --python .venv/bin/python --group load
    python -m benchmarks.load [--url URL] [--rates 5,10,20] [--seconds 20]

Three ladders climb together, step by step: `visits` (type, search, click, search again; new
sessions all the time, Zipf's queries), `searches` (searches alone, by sessions with events) and
`bare` (one `_msearch` of BM25 and k-NN, 100 hits each, no sources, query vectors encoded before).
A ladder ends with the first step that answers less than 0.9 of what was offered; then twice the
best rate is offered once. Only answers with status 200 and no degraded stage count. Sustained is
the most good answers a second of any step. The clients run on the same cores.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import uuid
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from opensearchpy import OpenSearch

from benchmarks.latency.clicks import some_items
from benchmarks.latency.search import bare_msearch, some_queries
from benchmarks.load.plan import LoadPlan
from benchmarks.served import Api, served, shared_index
from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load

LADDERS = ("visits", "searches", "bare")
RATES = "5,10,20,30,40,50,60,80,100,130,160,200"
QUERIES, SESSIONS, EVENTS = 1000, 200, 10
SATURATED = 0.9  # of the offered rate


@dataclass(frozen=True)
class Step:
    """What one rate gave; times in ms, of good answers."""

    ladder: str
    offered: float
    good: float
    p50: float
    p95: float
    p99: float
    failures: dict[str, int]

    @property
    def saturated(self) -> bool:
        """Whether fewer good answers came than were asked for."""
        return self.good < SATURATED * self.offered


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a service that runs already; default: start one")
    parser.add_argument("--rates", default=RATES, help="requests offered a second, rising")
    parser.add_argument("--seconds", type=float, default=20, help="of each step")
    options = parser.parse_args()
    if find_spec("locust") is None:
        raise SystemExit("locust is missing: uv pip install --python .venv/bin/python --group load")
    rates = [int(rate) for rate in options.rates.split(",")]
    with shared_index() as (client, names), served(options.url) as url:
        plan = _plan(client, names, Api(url))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "plan.json"
            plan.write(path)
            engine = load(ClusterSettings).opensearch_url.split(",")[0]
            hosts = {ladder: engine if ladder == "bare" else url for ladder in LADDERS}
            steps = _climb(path, hosts, rates, options.seconds)
    sustained = {
        ladder: max(step.good for step in steps if step.ladder == ladder) for ladder in LADDERS
    }
    figures = {
        "items": int(client.count(index=names.items)["count"]),
        "sustained_per_s": sustained,
        "searches_to_bare": round(sustained["searches"] / sustained["bare"], 2),
        "steps": [asdict(step) for step in steps],
    }
    print(json.dumps(figures))


def _plan(client: OpenSearch, names: IndexNames, api: Api) -> LoadPlan:
    queries = some_queries(client, names, QUERIES)
    vectors = load_encoder(load(EncoderSettings)).encode_queries(queries)
    bodies = (bare_msearch(names.items, *each) for each in zip(queries, vectors, strict=True))
    bare = ["".join(json.dumps(line) + "\n" for line in body) for body in bodies]
    items = [item_id for item_id, _ in some_items(client, names, SESSIONS * EVENTS)]
    run = uuid.uuid4().hex[:8]
    sessions = [f"load-{run}-{number}" for number in range(SESSIONS)]
    for number, session_id in enumerate(sessions):
        clicked = items[number * EVENTS :][: 1 + number % EVENTS]
        event = {"action": "click", "session_id": session_id}
        api.post("/v1/events", {"events": [event | {"item_id": item_id} for item_id in clicked]})
    return LoadPlan(queries, bare, sessions)


def _climb(path: Path, hosts: dict[str, str], rates: list[int], seconds: float) -> list[Step]:
    """All ladders, one step of each after the other, so that they meet the same machine."""
    print(f"{'':10} offered  good/s    p50    p95    p99 ms  failures", file=sys.stderr)
    steps: list[Step] = []
    climbing = list(hosts)
    for rate in rates:
        for ladder in list(climbing):
            step = _step(path, ladder, hosts[ladder], rate, seconds)
            steps.append(step)
            if step.saturated:
                climbing.remove(ladder)
    for ladder, host in hosts.items():
        best = max(step.good for step in steps if step.ladder == ladder)
        steps.append(_step(path, ladder, host, round(2 * best), seconds))
    return steps


def _step(path: Path, ladder: str, host: str, rate: int, seconds: float) -> Step:
    arguments = [str(path), ladder, host, str(rate), str(seconds)]
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.load.step", *arguments],
        stdout=subprocess.PIPE,
        check=True,
    )
    heard: dict[str, Any] = json.loads(process.stdout)
    ms = [each for of_route in heard["ms"].values() for each in of_route]
    p50, p95, p99 = (round(float(p), 1) for p in np.percentile(ms or [np.nan], [50, 95, 99]))
    good = round(len(ms) / heard["elapsed_s"], 1)
    step = Step(ladder, rate, good, p50, p95, p99, heard["failures"])
    failures = ", ".join(f"{count} {what}" for what, count in step.failures.items())
    print(f"{ladder:10} {rate:7} {good:7} {p50:6} {p95:6} {p99:6}     {failures}", file=sys.stderr)
    return step


if __name__ == "__main__":
    main()
