"""1,000 clicks, each followed at once by a search that must count it; over HTTP.

    python -m benchmarks.latency.clicks [--url URL] [--clicks 1000] [--threads 4]

A click is counted when the next search of its session, with `explain`, attributes a share of a
hit's score to this click. Ends with status 1 if one was not.
"""

import argparse
import json
import random
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from opensearchpy import OpenSearch

from benchmarks.served import Api, served, shared_index
from plugin_config.schema import IndexNames


@dataclass(frozen=True)
class ClickTrial:
    """A click and the search after it: whether the search counted it, and the time of both."""

    counted: bool
    click_s: float
    search_s: float


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a service that runs already; default: start one")
    parser.add_argument("--clicks", type=int, default=1000)
    parser.add_argument("--per-session", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2, help="visitors at the same time")
    options = parser.parse_args()
    with shared_index() as (client, names), served(options.url) as url:
        items = some_items(client, names, options.clicks)
        tries = click_and_search(Api(url), items, options.per_session, options.threads)
    counted = sum(each.counted for each in tries)
    figures = {
        "clicks": len(tries),
        "counted": counted,
        "click_ms": percentiles([each.click_s for each in tries]),
        "search_ms": percentiles([each.search_s for each in tries]),
    }
    print(json.dumps(figures, indent=2))
    sys.exit(counted < len(tries))


def some_items(client: OpenSearch, names: IndexNames, count: int) -> list[tuple[str, str]]:
    """Return ids and titles of `count` items, drawn with a fixed seed; repeated if too few."""
    hits = client.search(
        index=names.items,
        body={"_source": ["item_id", "title"], "sort": ["item_id"]},
        size=min(10_000, max(count, 1000)),
    )["hits"]["hits"]
    items = [(hit["_source"]["item_id"], hit["_source"]["title"]) for hit in hits]
    if not items:
        raise SystemExit(f"the index behind {names.items} is empty")
    random.Random(0).shuffle(items)
    return [items[n % len(items)] for n in range(count)]


def click_and_search(
    api: Api, items: list[tuple[str, str]], per_session: int, threads: int
) -> list[ClickTrial]:
    """For each item: click on it, and at once search for the first two words of its title."""
    sessions = [items[at : at + per_session] for at in range(0, len(items), per_session)]

    def visit(clicked: list[tuple[str, str]]) -> list[ClickTrial]:
        session_id = f"bench-{uuid.uuid4().hex}"
        tries = []
        for item_id, title in clicked:
            started = time.perf_counter()
            api.click(session_id, item_id)
            between = time.perf_counter()
            query = " ".join(title.split()[:2])
            answer = api.post(
                "/v1/search", {"query": query, "session_id": session_id, "explain": True}
            )
            ended = time.perf_counter()
            counted = any(
                share["kind"] == "event" and share.get("item_id") == item_id
                for hit in answer["hits"]
                for share in hit["explanation"]["shares"]
            )
            if not counted:
                print(f"not counted: {item_id}, degraded: {answer['degraded']}", file=sys.stderr)
            tries.append(ClickTrial(counted, between - started, ended - between))
        return tries

    with ThreadPoolExecutor(threads) as pool:
        return [each for tries in pool.map(visit, sessions) for each in tries]


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Return the median and the 95th percentile in milliseconds."""
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
    return {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}


if __name__ == "__main__":
    main()
