"""What diversity costs in relevance, and brings in variety, on homedepot's validation queries.

    python -m benchmarks.relevance.diversity [--url URL] [--queries 600]

Each query is sent once for every value, over HTTP. Prints for each: NDCG@10 (a grade of 2.67 or
more is relevant) with its difference to no diversity, and the mean cosine of two of the first ten
items, of their vectors in the index.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch

from benchmarks.datasets import DATASETS, existing, read
from benchmarks.served import Api, served, shared_index
from indexer.index.documents import from_float16_base64
from learning.data.splits import in_split
from learning.evaluation.measures.intervals import paired_difference
from learning.evaluation.measures.metrics import ndcg as ndcg_of
from plugin_config.schema import VECTOR_FLOAT16

VALUES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
RELEVANT = 2.67


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a service that runs already; default: start one")
    parser.add_argument("--queries", type=int, default=600)
    options = parser.parse_args()
    relevant = _relevant_items()
    queries = sorted(islice(sorted(relevant), 0, None, max(len(relevant) // options.queries, 1)))
    ndcg: dict[float, list[float]] = defaultdict(list)
    cosines: dict[float, list[float]] = defaultdict(list)
    with shared_index() as (client, names), served(options.url) as url:
        api = Api(url)
        for query in queries:
            for value in VALUES:
                body = {"query": query, "session_id": "diversity", "personalize": False}
                answer = api.post("/v1/search", body | {"size": 10, "diversity": value})
                ids = [hit["item_id"] for hit in answer["hits"]]
                gains = [float(item_id in relevant[query]) for item_id in ids]
                ndcg[value] += ndcg_of([gains], [[1.0] * len(relevant[query])], 10).tolist()
                cosines[value].append(_mean_cosine(client, names.items, ids))
    rows = []
    for value in VALUES:
        difference = paired_difference(ndcg[value], ndcg[VALUES[0]])
        rows.append({
            "diversity": value, "queries": len(queries), "ndcg_10": round(np.mean(ndcg[value]), 4),
            "difference": [round(difference.mean, 4), round(difference.low, 4),
                           round(difference.high, 4)],
            "mean_cosine": round(float(np.nanmean(cosines[value])), 3),
        })  # fmt: skip
    print("\n".join(json.dumps(row) for row in rows))


def _relevant_items() -> dict[str, set[str]]:
    """Relevant items of each validation query that has some."""
    relevant: dict[str, set[str]] = defaultdict(set)
    for row in read(existing(DATASETS / "homedepot" / "judgments.jsonl.gz")):
        if row["grade"] >= RELEVANT and in_split(row["query"], "validation"):
            relevant[row["query"]].add(str(row["item_id"]))
    return relevant


def _mean_cosine(client: OpenSearch, index: str, ids: Sequence[str]) -> float:
    """Of each two different items."""
    if len(ids) < 2:
        return float("nan")
    body = {
        "query": {"ids": {"values": list(ids)}}, "size": len(ids), "_source": False,
        "docvalue_fields": [VECTOR_FLOAT16],
    }  # fmt: skip
    hits = client.search(index=index, body=body)["hits"]["hits"]
    vectors: NDArray[np.float32] = np.stack(
        [from_float16_base64(hit["fields"][VECTOR_FLOAT16][0]) for hit in hits]
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return float((vectors @ vectors.T)[np.triu_indices(len(vectors), 1)].mean())


if __name__ == "__main__":
    main()
