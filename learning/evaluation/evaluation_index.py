"""Indexes that evaluations build below a prefix of their own, and keep for the next run.

The prefix is `evaluate-` and a hash of all that decides what the index holds: the items file, the
column mapping, the encoder, the mapping of the index and this version. An evaluation never reads
or moves the shop's own alias.
"""

import hashlib
import json
import re
import shutil
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.words.languages import AUTO
from indexer.encoder_spec import EncoderSpec
from indexer.index.context import IndexContext
from indexer.index.generations import READY, live_generation
from indexer.index.item_vectors import ItemEncoder
from indexer.index.rebuilding.rebuild import rebuild
from learning.data.datasets import ItemsFile
from plugin_config.analysis.text_analysis import splits_compounds
from plugin_config.ownership import refuse_foreign
from plugin_config.schema import IndexNames, VectorField, items_mapping

MARK = "evaluate-"  # in the prefix of every evaluation's index


def own_context(
    shop: IndexContext, items: ItemsFile, mapping: ColumnMap, spec: EncoderSpec
) -> IndexContext:
    """The shop's context, with the prefix that belongs to this content."""
    settings = shop.settings
    hnsw = (settings.hnsw_m, settings.ef_construction, settings.ef_search)
    field = VectorField(spec.vector_dims, settings.engine, *hnsw)
    content = {
        "items": items.sha256,
        "columns": {name: list(columns) for name, columns in mapping.columns.items()},
        "constants": dict(mapping.constants),
        "ignore": sorted(mapping.ignore),
        "reading": [asdict(mapping.rules), mapping.delimiter, mapping.escape, mapping.encoding],
        "encoder": spec.fingerprint,
        "body": items_mapping(field, settings.analyzer, {}),
        "version": _version(),
    }
    if splits_compounds(settings.analyzer, settings.decompound):
        content["compounds"] = "split"
    if settings.languages != AUTO:
        content["languages"] = settings.languages
    raw = json.dumps(content, sort_keys=True, default=str).encode()
    prefix = f"{shop.names.prefix}{MARK}{hashlib.sha256(raw).hexdigest()[:12]}-"
    return replace(shop, names=IndexNames(prefix), keeps_history=False)


def is_ready(context: IndexContext) -> bool:
    """Whether the index exists, complete, and its model bundle is on this machine."""
    live = live_generation(context.client, context.names)
    if live is None or live.state != READY:
        return False
    return (context.bundles_dir / str(live.meta.get("bundle", live.index))).is_dir()


def prepare(
    context: IndexContext,
    items: ItemsFile,
    mapping: ColumnMap,
    encoder: ItemEncoder,
    *,
    fresh: bool = False,
) -> bool:
    """Builds the index of `own_context` unless it exists; returns whether it was built now.

    Raises what a rebuild raises; rejected rows never stop it, `items` counts them.
    """
    if not fresh and is_ready(context):
        return False
    context.bundles_dir.mkdir(parents=True, exist_ok=True)
    settings = context.settings.model_copy(update={"max_rejects": "100%", "keep_indexes": 0})
    source = CatalogueSource(items.path, mapping, rejects_file=_rejects_file(context))
    rebuild(replace(context, settings=settings), encoder, source)
    context.client.indices.refresh(index=context.names.items)
    return True


def remove(context: IndexContext) -> list[str]:
    """Deletes an evaluation's indexes and bundles; returns the names of the indexes.

    Raises ForeignIndex when one of them was not made by us; none is deleted then.
    """
    client, names = context.client, context.names
    assert MARK in names.prefix
    refuse_foreign(client, [names.items_pattern])
    indexes = sorted(client.indices.get(index=names.items_pattern, ignore=[404]))
    for index in indexes:
        client.indices.delete(index=index, ignore=[404])
        shutil.rmtree(context.bundles_dir / index, ignore_errors=True)
    _rejects_file(context).unlink(missing_ok=True)
    return indexes


def all_made(shop: IndexContext) -> list[IndexContext]:
    """The context of every evaluation's index below the shop's prefix."""
    start = shop.names.prefix + MARK
    own_prefix = re.compile(re.escape(start) + r"[0-9a-f]{12}-(?=items-\d{8}t\d{6}z(-\d+)?$)")
    indexes = shop.client.indices.get(index=f"{start}*", ignore=[404])
    prefixes = {match.group() for index in indexes if (match := own_prefix.match(index))}
    return [
        replace(shop, names=IndexNames(prefix), keeps_history=False) for prefix in sorted(prefixes)
    ]


def _rejects_file(context: IndexContext) -> Path:
    return context.bundles_dir / f"{context.names.prefix}rejects.jsonl"


def _version() -> str:
    try:
        return version("opensearch-live-intent")
    except PackageNotFoundError:
        return "unknown"
