"""A search with five facets against the same search without them, alternating in one run.

    python -m benchmarks.latency.facets [--queries 300] [--keep]

The catalogue is the 54,667 homedepot titles with a drawn brand, category, price and attributes.
Each query is asked in changing order without and with facets, and both again with a filter on a
brand, a facet that is counted by itself then; by sessions of 20 events. Prints p50 and p95 of each,
and the ratios of the p50s.
"""

import argparse
import gzip
import json
import math
import random
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.datasets import DATASETS, existing, homedepot_queries, read
from benchmarks.latency.clicks import percentiles, some_items
from benchmarks.served import Api, own_index, rebuild, served

WARM_UP = 20
FACETS = ["brand", "category", "price", "attributes.colour", "available"]
REFINED = {"brand": "Brand 1"}
WAYS = {
    "without": {},
    "facets": {"facets": FACETS},
    "filtered": {"filters": REFINED},
    "filtered_facets": {"facets": FACETS, "filters": REFINED},
}
COLOURS = ("black", "white", "red", "blue", "green", "brown", "grey", "silver", "beige", "chrome")


def main() -> None:
    """Run the benchmark with the options of the command line."""
    options = parsed_options(__doc__)
    figures = figures_of("facets", write_catalogue, WAYS, options)
    p50 = {way: times["p50"] for way, times in figures["ms"].items()}
    figures["ratio_of_p50"] = round(p50["facets"] / p50["without"], 3)
    figures["ratio_of_p50_filtered"] = round(p50["filtered_facets"] / p50["filtered"], 3)
    print(json.dumps(figures, indent=2))


def parsed_options(description: str | None) -> argparse.Namespace:
    """The options of a benchmark that asks in several ways."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--events", type=int, default=20, help="events in the session")
    parser.add_argument("--keep", action="store_true", help="leave the index for the next run")
    return parser.parse_args()


def figures_of(
    benchmark: str,
    write: Callable[[Path, Path], Path],
    ways: Mapping[str, Mapping[str, Any]],
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Index what `write` makes of the homedepot titles, and `alternate` between the ways."""
    titles = existing(DATASETS / "homedepot" / "items.jsonl.gz")
    queries = homedepot_queries()
    random.Random(1).shuffle(queries)
    with own_index(benchmark, keep=options.keep) as (client, names):
        if not client.indices.exists_alias(name=names.items):
            with tempfile.TemporaryDirectory() as folder:
                rebuild(write(titles, Path(folder)))
        item_ids = [item_id for item_id, _ in some_items(client, names, options.events)]
        with served(None) as url:
            asked = queries[: options.queries + WARM_UP]
            figures = alternate(Api(url), asked, item_ids, ways)
        figures["items"] = int(client.count(index=names.items)["count"])
    return figures


def write_catalogue(titles: Path, folder: Path) -> Path:
    """Write the items with drawn fields; few brands have many items, as in a shop."""
    rng, path = random.Random(1), folder / "items.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        for row in read(titles):
            department, aisle = rng.randrange(12), rng.randrange(8)
            row |= {
                "brand": f"Brand {int(800 ** rng.random())}",
                "category": f"Department {department} > Aisle {aisle} > Shelf {rng.randrange(5)}",
                "price": round(math.exp(rng.gauss(3.5, 1.2)), 2),
                "available": rng.random() < 0.9,
                "attributes": {"colour": rng.choice(COLOURS), "width": rng.randrange(5, 200)},
            }
            file.write(json.dumps(row) + "\n")
    return path


def alternate(
    api: Api, queries: Sequence[str], item_ids: Sequence[str], ways: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Ask each query in these ways, fields of the request, in changing order."""
    seconds: dict[str, list[float]] = defaultdict(list)
    degraded = 0
    run = uuid.uuid4().hex[:8]
    for number, query in enumerate(queries):
        if number == WARM_UP:
            seconds.clear()
            degraded = 0
        first = number % len(ways)
        order = list(ways)[first:] + list(ways)[:first]
        for way in order:
            session_id = f"bench-{run}-{number}-{way}"
            event = {"action": "click", "session_id": session_id}
            events = [event | {"item_id": item_id} for item_id in item_ids]
            api.post("/v1/events", {"events": events})
        for way in order:
            body = {"query": query, "session_id": f"bench-{run}-{number}-{way}"} | ways[way]
            body["deadline_ms"] = 10_000  # which a busy machine keeps
            started = time.perf_counter()
            answer = api.post("/v1/search", body)
            seconds[way].append(time.perf_counter() - started)
            degraded += bool(answer["degraded"])
    return {
        "queries": len(queries) - WARM_UP,
        "degraded": degraded,
        "ms": {way: percentiles(times) for way, times in seconds.items()},
    }


if __name__ == "__main__":
    main()
