"""Quantised vectors against whole ones: recall, size and latency of k-NN on real titles.

    python -m benchmarks.rebuilds.quantization [--quantizations none,int7]
        [--queries 300] [--items 0]

Rebuilds the homedepot titles once for each quantisation (vectors are taken over from the first),
merges each index into one segment, and asks both the same judged queries in turns: 100 items
by k-NN. Prints recall@10 and @100 against exact inner products, the largest error of a score, bytes
a vector of each kind of file, and median milliseconds.
"""

import argparse
import gzip
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch
from opensearchpy.helpers import scan

from benchmarks.datasets import DATASETS, existing, homedepot_queries
from benchmarks.served import COMMAND, own_index
from indexer.encoder.loading import load_encoder
from indexer.index.documents import from_float16_base64
from indexer.settings import EncoderSettings
from plugin_config.schema import VECTOR, VECTOR_FLOAT16, IndexNames
from plugin_config.settings import load

K, EF_SEARCH = 100, 100
Vectors = NDArray[np.float32]


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quantizations", default="none,int7")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--items", type=int, default=0, help="the first so many; 0: all")
    options = parser.parse_args()
    names = options.quantizations.split(",")
    titles = existing(DATASETS / "homedepot" / "items.jsonl.gz")
    queries = homedepot_queries()[:: max(1, len(homedepot_queries()) // options.queries)]
    with (
        own_index("quantization", keep=False) as (client, index_names),
        first_items(titles, options.items) as catalogue,
    ):
        indexes = {name: rebuilt(client, index_names, catalogue, name) for name in names}
        ids, vectors = stored(client, indexes[names[0]])
        asked = load_encoder(load(EncoderSettings)).encode_queries(queries)
        print(json.dumps(compare(client, indexes, ids, vectors, asked), indent=2))


@contextmanager
def first_items(source: Path, items: int) -> Iterator[Path]:
    """Yield a catalogue file with the first items of another; with all of them for 0."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.jsonl"
        with gzip.open(source, "rt", encoding="utf-8") as lines:
            path.write_text("".join(islice(lines, items or None)), "utf-8")
        yield path


def rebuilt(client: OpenSearch, names: IndexNames, catalogue: Path, quantization: str) -> str:
    """Rebuild with a quantisation, merged into one segment; return the index."""
    started = time.perf_counter()
    environment = {**os.environ, "LIVE_INTENT_QUANTIZATION": quantization}
    command = [*COMMAND, "index", "rebuild", str(catalogue), "--merge", "--keep", "9", "--quiet"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    [index] = client.indices.get_alias(name=names.items)
    print(f"{quantization}: {index} in {time.perf_counter() - started:.0f} s", flush=True)
    return str(index)


def stored(client: OpenSearch, index: str) -> tuple[list[str], Vectors]:
    """Return the ids and the stored vectors float32 [n, dims] of an index."""
    query = {"query": {"match_all": {}}, "_source": False, "docvalue_fields": [VECTOR_FLOAT16]}
    hits = scan(client, index=index, query=query, size=2000)
    rows = [(hit["_id"], from_float16_base64(hit["fields"][VECTOR_FLOAT16][0])) for hit in hits]
    return [item_id for item_id, _ in rows], np.stack([vector for _, vector in rows])


def compare(
    client: OpenSearch,
    indexes: Mapping[str, str],
    ids: Sequence[str],
    vectors: Vectors,
    queries: Vectors,
) -> dict[str, Any]:
    """Ask every index every query, in turns; return the figures of each."""
    exact = queries @ vectors.T
    row_of = {item_id: row for row, item_id in enumerate(ids)}
    found: dict[str, dict[str, list[float]]] = {
        name: {"recall_at_10": [], "recall_at_100": [], "ms": [], "error": []} for name in indexes
    }
    for number, query in enumerate(queries):
        best = np.argsort(-exact[number])
        turn = list(indexes.items())
        for name, index in turn if number % 2 else reversed(turn):
            knn = {"vector": query.tolist(), "k": K, "method_parameters": {"ef_search": EF_SEARCH}}
            body = {"size": K, "_source": False, "query": {"knn": {VECTOR: knn}}}
            started = time.perf_counter()
            hits = client.search(index=index, body=body)["hits"]["hits"]
            ms = (time.perf_counter() - started) * 1000
            rows = [row_of[hit["_id"]] for hit in hits]
            figures = found[name]
            figures["ms"].append(ms)
            for k in (10, 100):
                figures[f"recall_at_{k}"].append(len({*rows[:k]} & {*best[:k].tolist()}) / k)
            scores = [hit["_score"] - 1 for hit in hits if hit["_score"] > 1]
            errors = np.abs(np.array(scores) - exact[number][rows[: len(scores)]])
            figures["error"].append(float(errors.max(initial=0)))
    return {
        name: {
            "recall_at_10": round(statistics.mean(each["recall_at_10"]), 4),
            "recall_at_100": round(statistics.mean(each["recall_at_100"]), 4),
            "largest_error_of_a_score": round(max(each["error"]), 4),
            "median_ms": round(statistics.median(each["ms"]), 2),
            "bytes_an_item": bytes_an_item(client, indexes[name], len(ids)),
        }
        for name, each in found.items()
    }


def bytes_an_item(client: OpenSearch, index: str, items: int) -> dict[str, int]:
    """Return the bytes of an index an item, in all and by kind of file."""
    params = {"include_segment_file_sizes": "true"}
    segments = client.indices.stats(index=index, metric="segments,store", params=params)
    total = segments["_all"]["primaries"]
    files = {
        name: round(of["size_in_bytes"] / items)
        for name, of in total["segments"].get("file_sizes", {}).items()
        if of["size_in_bytes"] > items
    }
    return {"all": round(total["store"]["size_in_bytes"] / items), **files}


if __name__ == "__main__":
    main()
