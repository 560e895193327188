"""A small encoder, small catalogues, and hooks into a rebuild, for the tests of rebuilds."""

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from opensearchpy import OpenSearch

from indexer.bundle.model_bundle import ModelBundle
from indexer.catalogue.catalogue_file import CatalogueSource
from indexer.index.context import IndexContext
from indexer.index.documents import from_float16_base64
from indexer.index.item_vectors import ItemEncoder
from indexer.index.rebuild import rebuild
from indexer.progress import Silence
from indexer.settings import IndexSettings
from plugin_config.schema import VECTOR_FLOAT16, IndexNames
from plugin_config.settings import load

PROJECT = Path(__file__).parents[2]
TINY = {"meaning_dims": 40, "behaviour_dims": 20}


def index_context(
    client: OpenSearch, names: IndexNames, bundles: Path, **settings: object
) -> IndexContext:
    """The context of operations on the items indexes below these names."""
    return IndexContext(client, names, load(IndexSettings, **settings), bundles)


def rebuilt(context: IndexContext, encoder: ItemEncoder, catalogue: Path) -> str:
    """The name of the index that a rebuild from the catalogue made."""
    return rebuild(context, encoder, CatalogueSource(catalogue)).index


def tiny_model() -> str:
    """Folder of a BERT with two layers and 128 dimensions, from a development dependency."""
    found = importlib.util.find_spec("cognition")
    assert found is not None
    assert found.submodule_search_locations
    return str(Path(found.submodule_search_locations[0]) / "model")


def write_catalogue(path: Path, numbers: Iterable[int], **changes: object) -> Path:
    """A catalogue of JSON lines."""
    colours = ("red", "blue", "green", "black")
    things = ("phone", "garden hose", "running shoe", "coffee machine", "desk lamp")
    with path.open("w") as file:
        for n in numbers:
            row = {
                "item_id": str(n),
                "title": f"{colours[n % 4]} {things[n % 5]} model {n}",
                "brand": ("Acme", "Bolt", "Cube")[n % 3],
                "category": ["All", things[n % 5]],
                "price": 5 + n % 90,
                "popularity": n % 7,
                **changes,
            }
            file.write(json.dumps(row) + "\n")
    return path


class At(Silence):
    """Progress that does something at the start of a stage, or after some items of it."""

    def __init__(self, stage: str, action: Callable[[], object], after: int = 0) -> None:
        self.stage, self.action, self.after = stage, action, after
        self.now, self.done, self.notes = "", 0, list[str]()

    def start(self, stage: str, total: int | None = None) -> None:
        self.now = stage
        if self.after == 0:
            self._act()

    def advance(self, count: int = 1) -> None:
        if self.now == self.stage:
            self.done += count
            if self.after and self.done >= self.after:
                self._act()

    def note(self, message: str) -> None:
        self.notes.append(message)

    def _act(self) -> None:
        if self.now == self.stage and self.stage:
            self.stage = ""
            self.action()


def indexes(client: OpenSearch, names: IndexNames) -> list[str]:
    """Every items index below the prefix."""
    return sorted(client.indices.get(index=names.items_pattern, ignore=[404]))


def alias_target(client: OpenSearch, names: IndexNames) -> str | None:
    """The one index behind `items`."""
    found = client.indices.get_alias(name=names.items, ignore=[404])
    targets = [index for index in found if isinstance(found[index], dict)]
    assert len(targets) <= 1
    return targets[0] if targets else None


def source(client: OpenSearch, names: IndexNames, item_id: str) -> dict[str, object] | None:
    """An item's document behind `items`, read in real time."""
    answer = client.get(index=names.items, id=item_id, ignore=[404])
    return answer.get("_source")


def stored_vectors(
    client: OpenSearch, names: IndexNames, ids: Sequence[str]
) -> dict[str, np.ndarray]:
    """The float16 copies behind `items`, by item."""
    client.indices.refresh(index=names.items)
    body = {
        "size": len(ids),
        "query": {"ids": {"values": list(ids)}},
        "docvalue_fields": [VECTOR_FLOAT16],
    }
    hits = client.search(index=names.items, body=body)["hits"]["hits"]
    return {
        hit["_id"]: from_float16_base64(hit["fields"][VECTOR_FLOAT16][0])
        for hit in hits
        if "fields" in hit
    }


def expected_vectors(encoder, items, bundles: Path, index: str) -> np.ndarray:
    """What the index's own bundle makes of items."""
    bundle = ModelBundle.load(bundles / index)
    return bundle.item_vectors(encoder.encode_items([item.text for item in items]))


def environment(url: str, names: IndexNames, state: Path) -> dict[str, str]:
    """For a `live-intent` process that has to do with this node and prefix alone."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LIVE_INTENT_")}
    return kept | {
        "LIVE_INTENT_OPENSEARCH_URL": url,
        "LIVE_INTENT_INDEX_PREFIX": names.prefix,
        "LIVE_INTENT_STATE_DIR": str(state),
        "LIVE_INTENT_ENCODER": tiny_model(),
        "LIVE_INTENT_OPENSEARCH_TIMEOUT_S": "60",
    }


def start_process(
    arguments: Sequence[str], env: dict[str, str], folder: Path
) -> "subprocess.Popen[str]":
    """`live-intent ARGUMENTS` as a process of its own."""
    code = "import sys; from live_intent.main import main; sys.argv[0] = 'live-intent'; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=env | {"PYTHONPATH": str(PROJECT)},
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(
    what: Callable[[], object], process: "subprocess.Popen[str]", seconds: float = 120
) -> None:
    """Until `what` is true; fails, with the process's output, when it ended or time is up."""
    deadline = time.monotonic() + seconds
    while not what():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError("".join(part or "" for part in process.communicate()))
        time.sleep(0.02)
