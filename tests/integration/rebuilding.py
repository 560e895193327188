"""Rebuilds of an items index with a small encoder, and what they leave in the cluster."""

import importlib.util
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from opensearchpy import OpenSearch

from indexer.bundle.model_bundle import ModelBundle
from indexer.catalogue.items import Item
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.index.context import IndexContext
from indexer.index.documents import from_float16_base64
from indexer.index.item_vectors import ItemEncoder
from indexer.index.rebuilding.rebuild import rebuild
from indexer.progress import Silence
from indexer.settings import EncoderSettings, IndexSettings
from plugin_config.schema import VECTOR_FLOAT16, IndexNames
from plugin_config.settings import load
from tests.integration.json_lines import write_json_lines

if TYPE_CHECKING:
    from indexer.encoder.encoder import Encoder

BRANDS = ("Acme", "Bolt", "Cube")
COLOURS = ("red", "blue", "green", "black")
KINDS = ("phone", "garden hose", "running shoe", "coffee machine", "desk lamp")
BUSY = "index.blocks.read_only_allow_delete"  # set: the engine answers 429 for each item
FILL = "encode and index"  # the stage of a rebuild in which it writes the items


def index_context(
    client: OpenSearch, names: IndexNames, bundles: Path, **settings: object
) -> IndexContext:
    """Return the context of operations on the items indexes below these names."""
    return IndexContext(client, names, load(IndexSettings, **settings), bundles)


def rebuild_index(context: IndexContext, encoder: ItemEncoder, catalogue: Path) -> str:
    """Rebuild the items index from the catalogue; return the name of the new index."""
    return rebuild(context, encoder, CatalogueSource(catalogue)).index


def tiny_model() -> str:
    """Return the folder of a BERT with 2 layers and D = 128, from a development dependency."""
    package = importlib.util.find_spec("cognition")
    assert package is not None
    assert package.submodule_search_locations
    return str(Path(package.submodule_search_locations[0]) / "model")


def tiny_encoder(**settings: object) -> "Encoder":
    """Return an encoder with that model."""
    from indexer.encoder.loading import load_encoder

    return load_encoder(load(EncoderSettings, encoder=tiny_model(), **settings))


def write_catalogue(
    path: Path,
    numbers: Iterable[int],
    *,
    kinds: Sequence[str] = KINDS,
    id_prefix: str = "",
    **changes: object,
) -> Path:
    """Write JSON lines, one item per number n: of kind n % 5, colour n % 4 and brand n % 3.

    `changes` are columns with the same value in every row.
    """
    return write_json_lines(
        path,
        (
            {
                "item_id": f"{id_prefix}{n}",
                "title": f"{COLOURS[n % 4]} {kinds[n % 5]} model {n}",
                "brand": BRANDS[n % 3],
                "category": ["All", kinds[n % 5]],
                "price": 5 + n % 90,
                "popularity": n % 7,
                **changes,
            }
            for n in numbers
        ),
    )


class NotedProgress(Silence):
    """Progress that keeps its notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


class AtStage(Silence):
    """Progress that calls `action` once: when `stage` starts, or after that many of its items."""

    def __init__(self, stage: str, action: Callable[[], object], after: int = 0) -> None:
        self.stage, self.action, self.after = stage, action, after
        self.current_stage, self.items, self.called = "", 0, False

    def start(self, stage: str, total: int | None = None) -> None:
        self.current_stage = stage
        self.advance(0)

    def advance(self, count: int = 1) -> None:
        if self.current_stage == self.stage:
            self.items += count
            if self.items >= self.after and not self.called:
                self.called = True
                self.action()


def indexes(client: OpenSearch, names: IndexNames) -> list[str]:
    """Return the names of all items indexes below the prefix."""
    return sorted(client.indices.get(index=names.items_pattern, ignore=[404]))


def alias_target(client: OpenSearch, names: IndexNames) -> str | None:
    """Return the one index behind the alias `items`, or None."""
    response = client.indices.get_alias(name=names.items, ignore=[404])
    targets = [index for index in response if isinstance(response[index], dict)]
    assert len(targets) <= 1
    return targets[0] if targets else None


def source(client: OpenSearch, names: IndexNames, item_id: str) -> dict[str, object] | None:
    """Return an item's document behind `items`, read in real time; None if there is none."""
    response = client.get(index=names.items, id=item_id, ignore=[404])
    return response.get("_source")


def stored_vectors(
    client: OpenSearch, names: IndexNames, item_ids: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return the stored float16 item vectors behind `items`, by item."""
    client.indices.refresh(index=names.items)
    body = {
        "size": len(item_ids),
        "query": {"ids": {"values": list(item_ids)}},
        "docvalue_fields": [VECTOR_FLOAT16],
    }
    hits = client.search(index=names.items, body=body)["hits"]["hits"]
    return {
        hit["_id"]: from_float16_base64(hit["fields"][VECTOR_FLOAT16][0])
        for hit in hits
        if "fields" in hit
    }


def assert_vectors_of_bundle(
    context: IndexContext, index: str, encoder: "Encoder", items: Sequence[Item]
) -> None:
    """Check the stored vectors of items against those that the index's model bundle computes."""
    stored = stored_vectors(context.client, context.names, [item.item_id for item in items])
    bundle = ModelBundle.load(context.bundles_dir / index)
    expected = bundle.item_vectors(encoder.encode_items([item.text for item in items]))
    for item, vector in zip(items, expected, strict=True):
        assert stored[item.item_id].shape == (encoder.spec.vector_dims,)
        assert float(stored[item.item_id] @ vector) > 0.999
