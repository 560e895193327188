"""Suggestions while typing against the bare engine, alternating in one run.

    python -m benchmarks.latency.suggest [--url URL] [--prefixes 300]

A `POST /v1/suggest` of 10 suggestions with a session of 20 events, over HTTP, beside the bare
`_msearch` of `benchmarks.latency.search` for the whole query. A prefix is a homedepot query
cut after 2 letters or more. Kinds: as typed; with two letters swapped; as typed, under a filter.
Prints p50 and p95 of each, the ratio of the p50s, and how many answers were empty.
The suggestions are made first where there are none.
"""

import argparse
import json
import random
import subprocess
import time
import uuid
from collections import defaultdict

import numpy as np
from opensearchpy import OpenSearch

from benchmarks.latency.clicks import percentiles, some_items
from benchmarks.latency.search import WARM_UP, bare_msearch, some_queries
from benchmarks.served import COMMAND, Api, served, shared_index
from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from plugin_config.schema import IndexNames
from plugin_config.settings import load

KINDS = ("typed", "misspelt", "filtered")


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a service that runs already; default: start one")
    parser.add_argument("--prefixes", type=int, default=300)
    options = parser.parse_args()
    with shared_index() as (client, names):
        if not client.indices.exists_alias(name=names.suggestions):
            subprocess.run([*COMMAND, "index", "suggestions"], check=True)
        with served(options.url) as url:
            figures = alternate(client, names, Api(url), options.prefixes)
        figures["items"] = int(client.count(index=names.items)["count"])
        figures["suggestions"] = int(client.count(index=names.suggestions)["count"])
    print(json.dumps(figures, indent=2))


def alternate(client: OpenSearch, names: IndexNames, api: Api, prefixes: int) -> dict[str, object]:
    """Ask the engine for each query and the service for its prefix, in changing order."""
    draw = random.Random(1)
    queries = some_queries(client, names, prefixes + WARM_UP)
    vectors = load_encoder(load(EncoderSettings)).encode_queries(queries)
    session_id = f"bench-{uuid.uuid4().hex[:8]}"
    for item_id, _ in some_items(client, names, 20):
        api.click(session_id, item_id)
    seconds: dict[str, list[float]] = defaultdict(list)
    stages: dict[str, list[float]] = defaultdict(list)
    empty: dict[str, int] = defaultdict(int)
    for number, (query, vector) in enumerate(zip(queries, vectors, strict=True)):
        if number == WARM_UP:
            for figures in (seconds, stages, empty):
                figures.clear()
        prefix = query[: draw.randint(2, max(len(query), 3))]
        bodies = {kind: _body(kind, prefix, session_id, draw) for kind in KINDS}
        asks = ["bare", *KINDS]
        draw.shuffle(asks)
        for kind in asks:
            started = time.perf_counter()
            if kind == "bare":
                client.msearch(body=bare_msearch(names.items, query, vector))
            else:
                answer = api.post("/v1/suggest", bodies[kind])
                empty[kind] += not answer["suggestions"]
                for stage, ms in answer["timing_ms"].items() if kind == "typed" else ():
                    stages[stage].append(ms / 1000)
            seconds[kind].append(time.perf_counter() - started)
    bare = float(np.median(seconds["bare"]))
    return {
        "prefixes": prefixes,
        "bare_msearch_ms": percentiles(seconds["bare"]),
        **{f"{kind}_ms": percentiles(seconds[kind]) for kind in KINDS},
        "ratio_of_p50": {kind: round(float(np.median(seconds[kind])) / bare, 2) for kind in KINDS},
        "steps_of_typed_ms": {stage: percentiles(times) for stage, times in stages.items()},
        "empty": dict(empty),
    }


def _body(kind: str, prefix: str, session_id: str, draw: random.Random) -> dict[str, object]:
    if kind == "misspelt" and len(prefix) > 3:
        at = draw.randint(1, len(prefix) - 2)
        prefix = prefix[:at] + prefix[at + 1] + prefix[at] + prefix[at + 2 :]
    body: dict[str, object] = {"prefix": prefix, "session_id": session_id, "size": 10}
    return body | ({"filters": {"available": True}} if kind == "filtered" else {})


if __name__ == "__main__":
    main()
