"""Indexes that evaluations make for themselves: below a prefix of their own, kept for the next.

A prefix is `evaluate-` and a hash of all that decides what the index holds: the items file, the
column mapping, the encoder, the mapping of the index and this version. The shop's own alias is
never read and never moved.
"""

import hashlib
import json
import re
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from opensearchpy import OpenSearch

from indexer.catalogue.column_map import ColumnMap
from indexer.encoder_spec import EncoderSpec
from indexer.index.fill import ItemEncoder
from indexer.index.generations import READY, live_generation
from indexer.index.rebuild import rebuild
from indexer.progress import Progress
from indexer.settings import IndexSettings
from learning.data.datasets import ItemsFile
from plugin_config.schema import IndexNames, VectorField, items_mapping

MARK = "evaluate-"


def names_for(
    shop: IndexNames,
    items: ItemsFile,
    mapping: ColumnMap,
    spec: EncoderSpec,
    settings: IndexSettings,
) -> IndexNames:
    """Names below the prefix that belongs to this content."""
    field = VectorField(
        spec.vector_dims,
        settings.engine,
        settings.hnsw_m,
        settings.ef_construction,
        settings.ef_search,
    )
    content = {
        "items": items.sha256,
        "columns": {name: list(columns) for name, columns in mapping.columns.items()},
        "constants": dict(mapping.constants),
        "ignore": sorted(mapping.ignore),
        "reading": [mapping.category_separator, mapping.delimiter, mapping.escape],
        "encoder": spec.fingerprint,
        "body": items_mapping(field, settings.analyzer, {}),
        "version": _version(),
    }
    raw = json.dumps(content, sort_keys=True, default=str).encode()
    return IndexNames(f"{shop.prefix}{MARK}{hashlib.sha256(raw).hexdigest()[:12]}-")


def is_ready(client: OpenSearch, names: IndexNames, bundles: Path) -> bool:
    """Whether the index is there, whole, and its model bundle on this machine."""
    live = live_generation(client, names)
    if live is None or live.state != READY:
        return False
    return (bundles / str(live.meta.get("bundle", live.index))).is_dir()


def prepare(
    client: OpenSearch,
    names: IndexNames,
    items: ItemsFile,
    mapping: ColumnMap,
    encoder: ItemEncoder,
    settings: IndexSettings,
    bundles: Path,
    progress: Progress,
    *,
    fresh: bool = False,
) -> bool:
    """Makes the index below `names` unless it is there; whether it was made now.

    Raises what a rebuild raises; rejected rows never stop it, they are counted in `items`.
    """
    if not fresh and is_ready(client, names, bundles):
        return False
    settings = settings.model_copy(update={"max_rejects": "100%", "keep_indexes": 0})
    rejects = bundles / f"{names.prefix}rejects.jsonl"
    bundles.mkdir(parents=True, exist_ok=True)
    rebuild(
        client,
        names,
        encoder,
        items.path,
        settings,
        bundles,
        progress=progress,
        mapping=mapping,
        rejects_file=rejects,
    )
    client.indices.refresh(index=names.items)
    return True


def remove(client: OpenSearch, names: IndexNames, bundles: Path) -> list[str]:
    """Deletes what an evaluation made below `names`, its bundles too; the indexes' names."""
    assert MARK in names.prefix
    found = sorted(client.indices.get(index=names.items_pattern, ignore=[404]))
    for index in found:
        client.indices.delete(index=index, ignore=[404])
        shutil.rmtree(bundles / index, ignore_errors=True)
    (bundles / f"{names.prefix}rejects.jsonl").unlink(missing_ok=True)
    return found


def all_made(client: OpenSearch, shop: IndexNames) -> list[IndexNames]:
    """Names of every evaluation's index below the shop's prefix."""
    start = shop.prefix + MARK
    ours = re.compile(re.escape(start) + r"[0-9a-f]{12}-(?=items-\d{8}t\d{6}z(-\d+)?$)")
    found = client.indices.get(index=f"{start}*", ignore=[404])
    matches = (ours.match(index) for index in found)
    return [IndexNames(p) for p in sorted({match.group() for match in matches if match})]


def _version() -> str:
    try:
        return version("opensearch-live-intent")
    except PackageNotFoundError:
        return "unknown"
