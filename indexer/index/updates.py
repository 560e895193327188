"""Live upserts and deletes: into the live index, and into one that is being filled."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from opensearchpy import OpenSearch

from indexer.bundle.hashed_folder import BundleError
from indexer.bundle.model_bundle import ModelBundle, item_vectors
from indexer.bundle.projections import Projections
from indexer.catalogue.catalogue_file import open_catalogue
from indexer.catalogue.column_map import ColumnMap
from indexer.catalogue.items import Item, read_items
from indexer.catalogue.rejects import Reject, RejectLimit
from indexer.catalogue.survey import Survey, survey
from indexer.encoder_spec import EncoderMismatch, check_fingerprint
from indexer.index.bulk import Outcome, Write, delete_write, index_write, send
from indexer.index.documents import to_document
from indexer.index.fill import ItemEncoder, Vectors
from indexer.index.generations import Generation, NoItemsIndex, generations
from indexer.progress import Progress, Silence
from indexer.settings import IndexSettings
from plugin_config.schema import IndexNames

ROUNDS = 6  # the alias may move while we write; each round follows it once


@dataclass(frozen=True)
class UpdateReport:
    """`written` items are in every one of `indexes`; `superseded` ids had a newer version."""

    written: int
    superseded: tuple[str, ...]
    not_found: tuple[str, ...]
    indexes: tuple[str, ...]


def upsert(
    client: OpenSearch,
    names: IndexNames,
    encoder: ItemEncoder,
    items: Sequence[Item],
    settings: IndexSettings,
    bundles_dir: Path,
) -> UpdateReport:
    """Puts items into the live index, and into one that is being filled; visible within a second.

    Vectors are made in the live index's own space (its bundle's projections in the layout
    `concat`). An index that is being filled for another encoder gets the item without a vector;
    its rebuild adds that before the alias moves.

    Raises:
        EncoderMismatch: the live index holds vectors of another encoder.
        BundleError: the live index's bundle is needed and not here.
        NoItemsIndex: there is no items index at all.
        BulkError, ClusterUnavailable: see `bulk.send`.
    """
    _check_live(client, names, encoder)
    version = _now_ms()
    embeddings = encoder.encode_items([item.text for item in items])

    def writes(target: Generation) -> list[Write]:
        vectors = _vectors_for(target, encoder, items, embeddings, bundles_dir)
        return [
            index_write(
                item.item_id,
                to_document(item, None if vectors is None else vectors[row]),
                version,
            )
            for row, item in enumerate(items)
        ]

    return _everywhere(client, names, settings, len(items), writes)


def upsert_file(
    client: OpenSearch,
    names: IndexNames,
    load_encoder: Callable[[], ItemEncoder],
    source: str | Path,
    settings: IndexSettings,
    bundles_dir: Path,
    *,
    mapping: ColumnMap,
    file_format: str = "auto",
    rejects_file: Path | None = None,
    progress: Progress | None = None,
) -> tuple[UpdateReport, Survey]:
    """Upserts every item of a catalogue, once all of it was read and found fit.

    Raises as `upsert` and `survey` do.
    """
    progress = progress or Silence()
    with open_catalogue(source, file_format, mapping) as catalogue:
        surveyed = survey(
            catalogue,
            mapping,
            rejects_file=rejects_file,
            limit=RejectLimit.parse(settings.max_rejects),
            sample_items=1,
            progress=progress,
        )
        encoder = load_encoder()
        total = UpdateReport(0, (), (), ())
        progress.start("encode and index", surveyed.items)
        for items in _in_windows(read_items(catalogue, mapping), settings.fill_window):
            part = upsert(client, names, encoder, items, settings, bundles_dir)
            total = UpdateReport(
                total.written + part.written,
                total.superseded + part.superseded,
                (),
                tuple(dict.fromkeys(total.indexes + part.indexes)),
            )
            progress.advance(len(items))
        progress.close()
    return total, surveyed


def delete(
    client: OpenSearch, names: IndexNames, ids: Sequence[str], settings: IndexSettings
) -> UpdateReport:
    """Deletes items from the live index, and from one that is being filled.

    Raises NoItemsIndex, BulkError, ClusterUnavailable.
    """
    version = _now_ms()
    made = [delete_write(item_id, version) for item_id in ids]
    return _everywhere(client, names, settings, len(made), lambda _: made)


def _everywhere(
    client: OpenSearch,
    names: IndexNames,
    settings: IndexSettings,
    count: int,
    writes: Callable[[Generation], list[Write]],
) -> UpdateReport:
    """Writes to each index behind our aliases, and looks again until there is no other one.

    A rebuild may start, or move the alias, between the look and the write. What landed in
    another index than was meant is written again: versions make that harmless.
    """
    reached: dict[str, Outcome] = {}
    for _ in range(ROUNDS):
        targets = [
            g
            for g in generations(client, names)
            if (g.live or g.building) and g.index not in reached
        ]
        if not targets:
            break
        for target in targets:
            alias = names.items if target.live else names.items_building
            made = writes(target)
            outcome = Outcome()
            for start in range(0, len(made), settings.bulk_items):
                part = made[start : start + settings.bulk_items]
                outcome.add(send(client, alias, part, settings))
            if outcome.indexes == {target.index} and not outcome.no_index:
                reached[target.index] = outcome
    if count and not reached:
        raise NoItemsIndex(
            f"there is no items index behind {names.items}: make one with "
            "live-intent index rebuild CATALOGUE"
        )
    superseded = {item_id for outcome in reached.values() for item_id in outcome.superseded}
    absent = [set(outcome.not_found) for outcome in reached.values()]
    return UpdateReport(
        written=count - len(superseded) - len(set.intersection(*absent) if absent else ()),
        superseded=tuple(sorted(superseded)),
        not_found=tuple(sorted(set.intersection(*absent))) if absent else (),
        indexes=tuple(reached),
    )


def _in_windows(rows: Iterable[Item | Reject], size: int) -> Iterator[list[Item]]:
    window: list[Item] = []
    for row in rows:
        if isinstance(row, Item):
            window.append(row)
        if len(window) >= size:
            yield window
            window = []
    if window:
        yield window


def _check_live(client: OpenSearch, names: IndexNames, encoder: ItemEncoder) -> None:
    for generation in generations(client, names):
        if generation.live:
            check_fingerprint(encoder.spec, generation.meta, generation.index)


def _vectors_for(
    target: Generation,
    encoder: ItemEncoder,
    items: Sequence[Item],
    embeddings: Vectors,
    bundles_dir: Path,
) -> Vectors | None:
    ids = [item.item_id for item in items]
    try:
        check_fingerprint(encoder.spec, target.meta, target.index)
        return item_vectors(embeddings, _projections(target, encoder, bundles_dir), ids)
    except (EncoderMismatch, BundleError):
        if target.live:
            raise
        return None


def _projections(target: Generation, encoder: ItemEncoder, bundles_dir: Path) -> Projections | None:
    if encoder.spec.layout == "sum":
        return None
    if encoder.halves is not None:
        return encoder.halves  # the fingerprint says that the index was made with them
    bundle = ModelBundle.load(bundles_dir / str(target.meta.get("bundle", target.index)))
    if bundle.vector_space != target.meta.get("vector_space"):
        raise BundleError(
            f"the model bundle {bundles_dir / bundle.name} is not the one that {target.index} was "
            "made with: copy it from the machine that ran the rebuild, or rebuild"
        )
    return bundle.projections


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
