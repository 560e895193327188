"""1,000 clicks, each followed at once by a search that must count it; over HTTP.

    python -m benchmarks.clicks [--url URL] [--clicks 1000] [--threads 4]

A click is counted when the very next search of its session, asked with `explain`, holds a share of
a hit's score that came from this click. Ends with status 1 if one was not.
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

from benchmarks.served import Api, cluster, make_index, served
from plugin_config.schema import IndexNames


@dataclass(frozen=True)
class Try:
    """One click and the search after it: was it counted, and how long both took (seconds)."""

    counted: bool
    click_s: float
    search_s: float


def main() -> None:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a service that runs already; default: start one")
    parser.add_argument("--clicks", type=int, default=1000)
    parser.add_argument("--per-session", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2, help="visitors at the same time")
    given = parser.parse_args()
    with cluster() as (client, names):
        make_index(client, names)
        items = some_items(client, names, given.clicks)
        with served(given.url) as url:
            tries = click_and_search(Api(url), items, given.per_session, given.threads)
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
    """Ids and titles of `count` items, drawn with a fixed seed; fewer items come several times."""
    found = client.search(
        index=names.items,
        body={"_source": ["item_id", "title"], "sort": ["item_id"]},
        size=min(10_000, max(count, 1000)),
    )["hits"]["hits"]
    items = [(hit["_source"]["item_id"], hit["_source"]["title"]) for hit in found]
    if not items:
        raise SystemExit(f"the index behind {names.items} is empty")
    random.Random(0).shuffle(items)
    return [items[place % len(items)] for place in range(count)]


def click_and_search(
    api: Api, items: list[tuple[str, str]], per_session: int, threads: int
) -> list[Try]:
    """For each item: a click on it, and at once a search for the first words of its title."""
    sessions = [items[at : at + per_session] for at in range(0, len(items), per_session)]

    def visit(clicked: list[tuple[str, str]]) -> list[Try]:
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
            tries.append(Try(counted, between - started, ended - between))
        return tries

    with ThreadPoolExecutor(threads) as pool:
        return [each for tries in pool.map(visit, sessions) for each in tries]


def percentiles(seconds: list[float]) -> dict[str, float]:
    """p50 and p95 in ms."""
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
    return {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}


if __name__ == "__main__":
    main()
