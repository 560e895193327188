"""A personalised search against the bare engine, both in the same run, taking turns.

    python -m benchmarks.search [--url URL] [--queries 300]

A search of 10 with a session of 20 events, over HTTP, beside one bare `_msearch` of BM25 and k-NN
(100 each, no sources, query vectors made beforehand). Prints p50 and p95 of both and of each step
of the service, and the ratio of the p50s. The index holds the 54,667 homedepot titles, or whatever
is behind the alias already.
"""

import argparse
import gzip
import json
import random
import time
import uuid
from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch

from benchmarks.clicks import percentiles, some_items
from benchmarks.served import DATASETS, Api, cluster, make_index, served
from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from plugin_config.schema import VECTOR, IndexNames
from plugin_config.settings import load

WARM_UP = 20


def main() -> None:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a service that runs already; default: start one")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--events", type=int, default=20, help="events in the session")
    given = parser.parse_args()
    with cluster() as (client, names):
        make_index(client, names)
        queries = some_queries(client, names, given.queries + WARM_UP)
        vectors = load_encoder(load(EncoderSettings)).encode_queries(queries)
        items = some_items(client, names, given.events)
        with served(given.url) as url:
            figures = take_turns(client, names, Api(url), queries, vectors, items)
        figures["items"] = int(client.count(index=names.items)["count"])
        figures["events_in_session"] = given.events
    print(json.dumps(figures, indent=2))


def some_queries(client: OpenSearch, names: IndexNames, count: int) -> list[str]:
    """Real queries of homedepot, else the first words of titles; drawn with a fixed seed."""
    judgments = DATASETS / "homedepot" / "judgments.jsonl.gz"
    if judgments.exists():
        with gzip.open(judgments, "rt", encoding="utf-8") as lines:
            found = sorted({json.loads(line)["query"] for line in lines})
    else:
        found = sorted({" ".join(t.split()[:3]) for _, t in some_items(client, names, 1000)})
    random.Random(1).shuffle(found)
    return [found[place % len(found)] for place in range(count)]


def bare_msearch(index: str, query_text: str, vector: NDArray[np.float32]) -> list[dict[str, Any]]:
    """BM25 on the title and k-NN on the query vector, 100 each, in one request."""
    words = {"size": 100, "_source": False, "query": {"match": {"title": query_text}}}
    near = {"vector": vector.tolist(), "k": 100}
    meaning = {"size": 100, "_source": False, "query": {"knn": {VECTOR: near}}}
    return [{"index": index}, words, {"index": index}, meaning]


def take_turns(
    client: OpenSearch,
    names: IndexNames,
    api: Api,
    queries: list[str],
    vectors: NDArray[np.float32],
    items: list[tuple[str, str]],
) -> dict[str, Any]:
    """Each query once bare and once through the service, now one first, now the other."""
    seconds: dict[str, list[float]] = defaultdict(list)
    steps: dict[str, list[float]] = defaultdict(list)
    degraded = 0

    def bare(number: int) -> None:
        body = bare_msearch(names.items, queries[number], vectors[number])
        started = time.perf_counter()
        client.msearch(body=body)
        seconds["bare_msearch"].append(time.perf_counter() - started)

    def service(number: int) -> None:
        nonlocal degraded
        # A session of its own for each query: all have the same 20 events and no earlier query.
        body = {"query": queries[number], "session_id": sessions[number], "size": 10}
        started = time.perf_counter()
        answer = api.post("/v1/search", body)
        seconds["search"].append(time.perf_counter() - started)
        degraded += bool(answer["degraded"])
        for step, ms in answer["timing_ms"].items():
            steps[step].append(ms / 1000)

    run = uuid.uuid4().hex[:8]
    sessions = [f"bench-{run}-{number}" for number in range(len(queries))]
    for session_id in sessions:
        event = {"action": "click", "session_id": session_id}
        api.post("/v1/events", {"events": [event | {"item_id": item_id} for item_id, _ in items]})
    for number in range(len(queries)):
        if number == WARM_UP:
            seconds.clear()
            steps.clear()
            degraded = 0
        for turn in (bare, service) if number % 2 else (service, bare):
            turn(number)
    ratio = np.median(seconds["search"]) / np.median(seconds["bare_msearch"])
    return {
        "queries": len(seconds["search"]),
        "degraded": degraded,
        "bare_msearch_ms": percentiles(seconds["bare_msearch"]),
        "search_ms": percentiles(seconds["search"]),
        "steps_ms": {step: percentiles(taken) for step, taken in steps.items()},
        "ratio_of_p50": round(float(ratio), 2),
    }


if __name__ == "__main__":
    main()
