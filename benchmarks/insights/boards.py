"""How long the dashboards of /insights take.

    python -m benchmarks.insights.boards [--rows 100000] [--times 5]

Rows of simulated visits are multiplied until there are so many. Each time the range of a dashboard
ends at another minute, so that no cache answers.
"""

import argparse
import json
import statistics
import time

from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk

from benchmarks.served import own_index
from live_intent.sample.recent_visits import load_recent_visits
from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from query_service.insights.boards.all_boards import BOARDS
from query_service.insights.insights import Insights
from query_service.insights.panel_answers import RANGES, ROUNDED_S

MONTH = RANGES[2]


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    with own_index("boards", keep=False) as (client, names):
        ensure_indexes(client, names)
        rows = _fill(client, names, options.rows)
        print(json.dumps({"rows": rows} | _times(client, names, options.times), indent=2))


def _fill(client: OpenSearch, names: IndexNames, rows: int) -> int:
    """Multiply the simulated rows, with sessions of their own; return how many there are."""
    load_recent_visits(client, names)
    body = {"query": {"match_all": {}}, "size": 5000}
    hits = client.search(index=names.ubi_queries, body=body)["hits"]["hits"]
    sources = [hit["_source"] for hit in hits]
    copies = (
        {
            "_index": names.writing(names.ubi_queries),
            "_source": source | {"session_id": f"{source['session_id']}-{number}"},
        }
        for number in range(rows // len(sources))
        for source in sources
    )
    bulk(client, copies, chunk_size=2000, refresh=True)
    return int(client.count(index=names.ubi_queries)["count"])


def _times(client: OpenSearch, names: IndexNames, times: int) -> dict[str, float]:
    insights = Insights(client, names, least_sessions=5, timeout_s=60)
    taken: dict[str, list[float]] = {board.key: [] for board in BOARDS}
    for number in range(times):
        for board in BOARDS:
            query = MONTH.query(time.time() - number * ROUNDED_S)
            started = time.perf_counter()
            insights.read(board.panels, query)
            taken[board.key].append((time.perf_counter() - started) * 1000)
    return {f"{key}_ms": round(statistics.median(each), 1) for key, each in taken.items()}


if __name__ == "__main__":
    main()
