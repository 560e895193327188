"""Real catalogues, indexed by the command line as a process of its own, then searched.

    python -m benchmarks.index [--data homedepot,retrotech] [--keep]

homedepot are 54,667 clean titles; retrotech the 48,194 rows of Best Buy as they were published,
blanks as ` `, doubled ids and all. Prints rows, items, rejects, seconds, items/s and peak memory
of the rebuild, and the first hit and the time of a few searches over HTTP. The indexes lie below a
prefix of their own and are removed at the end.
"""

import argparse
import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.own_index import rebuild, remove
from benchmarks.served import DATASETS, Api, served
from plugin_config.client import connect, ping_or_raise
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load


@dataclass(frozen=True)
class BenchmarkCatalogue:
    """A file below the data's folder, how its columns are mapped, and what to search it for."""

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
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=",".join(CATALOGUES), help="which, separated by commas")
    parser.add_argument("--keep", action="store_true", help="leave the indexes where they are")
    given = parser.parse_args()
    prefix = os.environ.get("LIVE_INTENT_INDEX_PREFIX", "")
    for name in given.data.split(","):
        if name not in CATALOGUES:
            parser.error(f"--data {name}: there are {', '.join(CATALOGUES)}")
        os.environ["LIVE_INTENT_INDEX_PREFIX"] = f"{prefix}bench-index-{name}-"
        figures = one(CATALOGUES[name], keep=given.keep)
        told = {"data": name, "cpus": os.cpu_count(), **figures}
        print(json.dumps(told, indent=2, ensure_ascii=False), flush=True)


def one(catalogue: BenchmarkCatalogue, *, keep: bool) -> dict[str, Any]:
    """Index one catalogue and search it."""
    path = DATASETS / catalogue.file
    if not path.exists():
        raise SystemExit(f"there is no {path}: set DATASETS_DIR to the data's folder")
    settings = load(ClusterSettings)
    client = connect(settings)
    ping_or_raise(client)
    names = IndexNames(settings.index_prefix)
    try:
        with tempfile.TemporaryDirectory() as folder:
            rejects = ["--rejects", str(Path(folder) / "rejects.jsonl")]
            mapping = [part for each in catalogue.mapping for part in ("--map", each)]
            indexing = rebuild(path, [*mapping, *rejects])
        with served(None) as url:
            searches = [search(Api(url), query) for query in catalogue.queries]
        return {**indexing.figures(), "searches": searches}
    finally:
        if not keep:
            remove(client, names)
        client.close()


def search(api: Api, query: str) -> dict[str, Any]:
    """The first hit of a visitor of whom nothing is known; the second asking is timed."""
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
