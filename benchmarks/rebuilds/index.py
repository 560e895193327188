"""Real catalogues, indexed by the command line as a process of its own, then searched.

    python -m benchmarks.rebuilds.index [--data homedepot,retrotech] [--keep]

homedepot has 54,667 clean titles; retrotech the 48,194 rows of Best Buy as published, with blanks
as ` ` and duplicate ids. Prints rows, items, rejects, seconds, items/s and peak memory of the
rebuild, and the first hit and the time of a few searches over HTTP. The indexes have a prefix of
their own and are removed at the end.
"""

import argparse
import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.datasets import DATASETS, existing
from benchmarks.served import Api, own_index, rebuild, served


@dataclass(frozen=True)
class BenchmarkCatalogue:
    """A file below the data's folder, the mapping of its columns, and queries."""

    file: str
    mapping: tuple[str, ...]
    queries: tuple[str, ...]


CATALOGUES = {
    "homedepot": BenchmarkCatalogue(
        "homedepot/items.jsonl.gz",
        (),
        ("angle bracket", "cordless drill", "outdoor patio chair", "led light bulb"),
    ),
    "retrotech": BenchmarkCatalogue(
        "retrotech/products.csv.gz",
        (
            "item_id=upc",
            "title=name",
            "brand=manufacturer",
            "description=short_description",
            "description=long_description",
        ),
        ("ipad", "star wars dvd", "noise cancelling headphones", "lcd tv"),
    ),
}


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=",".join(CATALOGUES), help="which, separated by commas")
    parser.add_argument("--keep", action="store_true", help="leave the indexes where they are")
    options = parser.parse_args()
    for name in options.data.split(","):
        if name not in CATALOGUES:
            parser.error(f"--data {name}: there are {', '.join(CATALOGUES)}")
        with own_index(f"index-{name}", keep=options.keep):
            figures = index_and_search(CATALOGUES[name])
        report = {"data": name, "cpus": os.cpu_count(), **figures}
        print(json.dumps(report, indent=2, ensure_ascii=False), flush=True)


def index_and_search(catalogue: BenchmarkCatalogue) -> dict[str, Any]:
    """Index the catalogue and search it; return the figures of both."""
    path = existing(DATASETS / catalogue.file)
    with tempfile.TemporaryDirectory() as folder:
        options = ["--rejects", str(Path(folder) / "rejects.jsonl")]
        for column in catalogue.mapping:
            options += ["--map", column]
        indexing = rebuild(path, options)
    with served(None) as url:
        return {**indexing, "searches": [search(Api(url), query) for query in catalogue.queries]}


def search(api: Api, query: str) -> dict[str, Any]:
    """Search without personalisation, twice; return the first hit and the time of the second."""
    # A deadline that a busy machine keeps: the first search of an index reads it from disk.
    body = {"query": query, "session_id": "bench", "personalize": False, "deadline_ms": 30_000}
    api.post("/v1/search", body)
    started = time.perf_counter()
    answer = api.post("/v1/search", body)
    ms = (time.perf_counter() - started) * 1000
    first = answer["hits"][0]["source"]["title"] if answer["hits"] else None
    return {
        "query": query,
        "total": answer["total"]["value"],
        "first": first,
        "ms": round(ms, 1),
        "degraded": answer["degraded"],
    }


if __name__ == "__main__":
    main()
