"""What equal scores in several shards cost: the words leg by each shard's statistics and by all.

    python -m benchmarks.latency.shards [ITEMS]

It makes items of random words in two indexes of its own, of one shard and of three, and prints the
median time of a search in each, in one run, alternating.
"""

import random
import secrets
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

from opensearchpy.helpers import bulk

from plugin_config.connection.client import connect
from plugin_config.schema import VectorField, items_mapping
from plugin_config.settings import ClusterSettings, load
from query_service.retrieval.candidates.candidate_fields import candidates_body
from query_service.retrieval.legs import LEGS
from query_service.retrieval.plan import RetrievalPlan
from query_service.retrieval.text.text_query import words_query

SEARCHES = 300
TIES = {"sort": [{"_score": "desc"}, {"item_id": "asc"}]}


def words(rng: random.Random, count: int) -> str:
    """Words by Zipf's law."""
    return " ".join(f"word{min(int(rng.paretovariate(0.7)), 30_000)}x" for _ in range(count))


def documents(index: str, items: int) -> Iterator[dict[str, Any]]:
    rng = random.Random(13)
    for number in range(items):
        item_id = f"item-{number}"
        yield {
            "_index": index, "_id": item_id, "item_id": item_id, "title": words(rng, 10),
            "description_text": words(rng, 40), "popularity_rank": rng.lognormvariate(3, 2),
        }  # fmt: skip


def main() -> None:
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    client = connect(load(ClusterSettings, opensearch_timeout_s=600.0))
    base, rng = f"benchmark-shards-{secrets.token_hex(3)}", random.Random(7)
    try:
        for shards in (1, 3):
            body = items_mapping(VectorField(4), "english", {})
            body["settings"]["index.number_of_shards"] = shards
            client.indices.create(index=f"{base}-{shards}", body=body)
            bulk(client, documents(f"{base}-{shards}", items), chunk_size=2000)
            client.indices.forcemerge(index=f"{base}-{shards}", params={"max_num_segments": 1})
            client.indices.refresh(index=f"{base}-{shards}")
        dfs = {"search_type": "dfs_query_then_fetch"}
        kinds: dict[str, tuple[int, dict[str, str], dict[str, Any]]] = {
            "one shard": (1, {}, {}),
            "one shard, ties by item id": (1, {}, TIES),
            "three shards, each by its own": (3, {}, {}),
            "three shards, by all": (3, dfs, {}),
        }
        times: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(SEARCHES):
            plan = RetrievalPlan(LEGS, words(rng, 3))
            search = candidates_body(words_query(plan), plan.k)
            for kind, (shards, header, more) in kinds.items():
                lines = [{"index": f"{base}-{shards}", **header}, search | more]
                started = time.perf_counter()
                client.msearch(body=lines)
                times[kind].append(time.perf_counter() - started)
        peer = statistics.median(times["three shards, each by its own"])
        for kind, seconds in times.items():
            median = statistics.median(seconds)
            print(f"{kind:32} {median * 1000:6.1f} ms  {median / peer:.2f} x")
    finally:
        client.indices.delete(index=f"{base}-*")


if __name__ == "__main__":
    main()
