"""A personalised search against the bare engine, alternating in one run.

    python -m benchmarks.latency.search [--url URL] [--queries 300]

A search of 10 hits with a session of 20 events, over HTTP, beside one bare `_msearch` of BM25 and
k-NN (100 each, no sources, query vectors encoded before). Prints p50 and p95 of both and of each
stage of the service, and the ratio of the p50s. The index holds the 54,667 homedepot titles, or
whatever the alias has already.
"""

import argparse
import json
import random
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch

from benchmarks.datasets import DATASETS, homedepot_queries
from benchmarks.latency.clicks import percentiles, some_items
from benchmarks.served import Api, served, shared_index
from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from plugin_config.schema import VECTOR, IndexNames
from plugin_config.settings import load

WARM_UP = 20


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a service that runs already; default: start one")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--events", type=int, default=20, help="events in the session")
    options = parser.parse_args()
    with shared_index() as (client, names):
        queries = some_queries(client, names, options.queries + WARM_UP)
        vectors = load_encoder(load(EncoderSettings)).encode_queries(queries)
        bare = [bare_msearch(names.items, *each) for each in zip(queries, vectors, strict=True)]
        item_ids = [item_id for item_id, _ in some_items(client, names, options.events)]
        with served(options.url) as url:
            figures = alternate(client, bare, Api(url), queries, item_ids)
        figures["items"] = int(client.count(index=names.items)["count"])
        figures["events_in_session"] = options.events
    print(json.dumps(figures, indent=2))


def some_queries(client: OpenSearch, names: IndexNames, count: int) -> list[str]:
    """Return queries of homedepot, else the first words of titles; drawn with a fixed seed."""
    if (DATASETS / "homedepot").is_dir():
        queries = homedepot_queries()
    else:
        queries = sorted({" ".join(t.split()[:3]) for _, t in some_items(client, names, 1000)})
    random.Random(1).shuffle(queries)
    return [queries[n % len(queries)] for n in range(count)]


def bare_msearch(index: str, query_text: str, vector: NDArray[np.float32]) -> list[dict[str, Any]]:
    """Return one request of BM25 on the title and k-NN on the query vector, 100 hits each."""
    words = {"size": 100, "_source": False, "query": {"match": {"title": query_text}}}
    knn = {VECTOR: {"vector": vector.tolist(), "k": 100}}
    meaning = {"size": 100, "_source": False, "query": {"knn": knn}}
    return [{"index": index}, words, {"index": index}, meaning]


def alternate(
    client: OpenSearch,
    bare: Sequence[list[dict[str, Any]]],
    api: Api,
    queries: Sequence[str],
    item_ids: Sequence[str],
) -> dict[str, Any]:
    """Send each query to the engine (its body in `bare`) and to the service, in changing order."""
    seconds: dict[str, list[float]] = defaultdict(list)
    stages: dict[str, list[float]] = defaultdict(list)
    degraded = 0

    def ask_engine(number: int) -> None:
        started = time.perf_counter()
        client.msearch(body=bare[number])
        seconds["bare_msearch"].append(time.perf_counter() - started)

    def ask_service(number: int) -> None:
        nonlocal degraded
        body = {"query": queries[number], "session_id": sessions[number], "size": 10}
        started = time.perf_counter()
        answer = api.post("/v1/search", body)
        seconds["search"].append(time.perf_counter() - started)
        degraded += bool(answer["degraded"])
        for stage, ms in answer["timing_ms"].items():
            stages[stage].append(ms / 1000)

    # A session per query: all have the same events and no earlier query.
    run = uuid.uuid4().hex[:8]
    sessions = [f"bench-{run}-{number}" for number in range(len(queries))]
    for session_id in sessions:
        event = {"action": "click", "session_id": session_id}
        api.post("/v1/events", {"events": [event | {"item_id": item_id} for item_id in item_ids]})
    for number in range(len(queries)):
        if number == WARM_UP:
            seconds.clear()
            stages.clear()
            degraded = 0
        for ask in (ask_engine, ask_service) if number % 2 else (ask_service, ask_engine):
            ask(number)
    ratio = np.median(seconds["search"]) / np.median(seconds["bare_msearch"])
    return {
        "queries": len(seconds["search"]),
        "degraded": degraded,
        "bare_msearch_ms": percentiles(seconds["bare_msearch"]),
        "search_ms": percentiles(seconds["search"]),
        "steps_ms": {stage: percentiles(times) for stage, times in stages.items()},
        "ratio_of_p50": round(float(ratio), 2),
    }


if __name__ == "__main__":
    main()
