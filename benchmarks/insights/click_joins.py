"""What it costs to join a click to its query's row: the event's request, and the engine's work.

    python -m benchmarks.insights.click_joins [--pairs 300] [--clicks 1000]

Clicks on a query's hits and clicks without a query take turns. Then all clicks are joined, and the
time of one is that of the thread which does it, in batches.
"""

import argparse
import json
import time
from contextlib import closing

from benchmarks.pairs import medians_ms
from benchmarks.served import own_index
from plugin_config.provisioning.provisioning import ensure_indexes
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.sessions.store import SessionStore
from query_service.user.visitor import PastQuery

HITS = [f"i{number}" for number in range(20)]


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--clicks", type=int, default=1000)
    options = parser.parse_args()
    with own_index("click-joins", keep=False) as (client, names):
        ensure_indexes(client, names)
        with closing(SessionStore(client, names)) as store:
            print(json.dumps(_figures(store, options.pairs, options.clicks), indent=2))


def _figures(store: SessionStore, pairs: int, clicks: int) -> dict[str, float]:
    queries = max(pairs, clicks // 5)
    for number in range(queries):
        query = PastQuery("shoes", time.time(), f"s{number % 200}", query_id=f"q{number}")
        store.record_query(query, hit_ids=HITS)
    store.flush(60)
    number = 0

    def click(query: bool) -> None:
        nonlocal number
        number += 1
        row, item = number % queries, HITS[number // queries % len(HITS)]
        query_id = f"q{row}" if query else ""
        event = ReceivedEvent("click", f"s{row % 200}", item, query_id=query_id)
        store.record_events([event], lambda _: {})

    click(True), click(False)
    joined_ms, alone_ms = medians_ms(pairs, lambda: click(True), lambda: click(False))
    store.flush(60)
    events = [
        ReceivedEvent("click", f"s{row % 200}", item, query_id=f"q{row}")
        for item in HITS[:5]
        for row in range(clicks // 5)
    ]
    started = time.perf_counter()
    for event in events:
        store._clicks.add(event, round(time.time() * 1000))
    store.flush(300)
    each_ms = (time.perf_counter() - started) * 1000 / len(events)
    return {
        "event_with_query_ms": round(joined_ms, 2),
        "event_without_ms": round(alone_ms, 2),
        "ratio": round(joined_ms / alone_ms, 3),
        "join_ms": round(each_ms, 3),
    }


if __name__ == "__main__":
    main()
