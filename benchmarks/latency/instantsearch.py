"""A request of an InstantSearch front end against the same search of our own, in one run.

    python -m benchmarks.latency.instantsearch [--queries 200] [--keep]

On the sample catalogue, by sessions of three clicks, alternating:

    search        /v1/search with five facets and highlighting
    one           /1/indexes/*/queries with one query that asks for the same
    refined       the same with two refined lists: three queries in one request

Prints p50 and p95 of each, and the ratios of the p50s to `search`; of `refined` also the ratio to
three requests of our own, one after the other.
"""

import argparse
import json
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.latency.clicks import percentiles, some_items
from benchmarks.served import Api, own_index, rebuild, served
from live_intent.sample.samples import SAMPLES

WARM_UP = 20
WORDS = ("headphones", "desk lamp", "coffee", "phone", "jacket", "knife", "backpack", "monitor")
MORE = ("", " black", " wireless", " small", " new", " for kids", " best", " cheap")
FACETS = ["brand", "category", "price", "language", "available"]
INDEX = "/1/indexes/*/queries"


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--keep", action="store_true", help="leave the index for the next run")
    options = parser.parse_args()
    with own_index("instantsearch", keep=options.keep) as (client, names):
        if not client.indices.exists_alias(name=names.items):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "sample.jsonl"
                SAMPLES["shop"].write(path)
                rebuild(path)
        item_ids = [item_id for item_id, _ in some_items(client, names, 3)]
        with served(None) as url:
            print(json.dumps(alternate(Api(url), options.queries, item_ids), indent=2))


def alternate(api: Api, count: int, item_ids: list[str]) -> dict[str, Any]:
    """Ask each query in every way, in changing order."""
    ways: dict[str, Callable[[str, str], None]] = {
        "search": lambda text, session: _search(api, text, session),
        "one": lambda text, session: _one(api, text, session),
        "refined": lambda text, session: _refined(api, text, session),
        "three_searches": lambda text, session: _searches(api, text, session),
    }
    seconds: dict[str, list[float]] = defaultdict(list)
    run = uuid.uuid4().hex[:8]
    for number in range(count + WARM_UP):
        if number == WARM_UP:
            seconds.clear()
        text = WORDS[number % 8] + MORE[number // 8 % 8]
        names = list(ways)
        for way in names[number % 4 :] + names[: number % 4]:
            session = f"anonymous-{run}-{number}-{way}"
            event = {"action": "click", "session_id": session}
            api.post("/v1/events", {"events": [event | {"item_id": each} for each in item_ids]})
            started = time.perf_counter()
            ways[way](text, session)
            seconds[way].append(time.perf_counter() - started)
    medians = {way: float(np.median(times)) for way, times in seconds.items()}
    ratios = {way: round(medians[way] / medians["search"], 3) for way in ("one", "refined")}
    return {
        "queries": count,
        "ms": {way: percentiles(times) for way, times in seconds.items()},
        "ratio_to_search": ratios,
        "refined_to_three_searches": round(medians["refined"] / medians["three_searches"], 3),
    }


def _search(api: Api, text: str, session: str) -> None:
    body = {"query": text, "session_id": session, "facets": FACETS, "highlight": True}
    api.post("/v1/search", body | {"deadline_ms": 10_000})


def _searches(api: Api, text: str, session: str) -> None:
    for _ in range(3):
        _search(api, text, session)


def _one(api: Api, text: str, session: str) -> None:
    query = {"query": text, "userToken": session, "facets": FACETS, "hitsPerPage": 10}
    api.post(INDEX, {"requests": [query | {"indexName": "items"}]})


def _refined(api: Api, text: str, session: str) -> None:
    query = {"indexName": "items", "query": text, "userToken": session}
    brand, price = "available:true", "price>=5"
    main = query | {"facets": FACETS, "hitsPerPage": 10, "facetFilters": [[brand]]}
    extra = query | {"hitsPerPage": 0, "analytics": False}
    api.post(
        INDEX,
        {
            "requests": [
                main | {"numericFilters": [price]},
                extra | {"facets": "available", "numericFilters": [price]},
                extra | {"facets": "price", "facetFilters": [[brand]]},
            ]
        },
    )


if __name__ == "__main__":
    main()
