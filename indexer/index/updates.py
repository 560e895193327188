"""Live upserts and deletes: in the live index, and in one that is being filled."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from indexer.bundle.hashed_folder import BundleError
from indexer.bundle.model_bundle import ModelBundle
from indexer.bundle.projections import Projections, Vectors
from indexer.catalogue.catalogue_file import CatalogueSource
from indexer.catalogue.items import Item, item_windows
from indexer.catalogue.rejects import RejectLimit
from indexer.catalogue.survey import Survey, survey
from indexer.encoder_spec import EncoderMismatch, check_fingerprint
from indexer.index.bulk import ItemWrite, WriteOutcome, delete_write, index_write, send_items
from indexer.index.context import IndexContext
from indexer.index.documents import to_document
from indexer.index.generations import (
    Generation,
    NoItemsIndex,
    generations,
    refuse_taken_alias,
)
from indexer.index.item_vectors import ItemEncoder, ItemVectors

ROUNDS = 6  # the alias may move during a write; each round follows it once


@dataclass(frozen=True)
class UpdateReport:
    """`written` items are in each of `indexes`; ids in `superseded` have a newer version there."""

    written: int
    superseded: tuple[str, ...]
    not_found: tuple[str, ...]
    indexes: tuple[str, ...]


def upsert(context: IndexContext, encoder: ItemEncoder, items: Sequence[Item]) -> UpdateReport:
    """Puts items into the live index, and into one that is being filled; visible within a second.

    Each vector is in the space of its index (in the layout `concat` that of its bundle's
    projections). An index that is being filled with another encoder gets the item without a
    vector; its rebuild adds that before the alias moves.

    Raises:
        EncoderMismatch: the live index holds vectors of another encoder.
        BundleError: the live index's bundle is needed and not on this machine.
        NoItemsIndex: there is no items index at all.
        BulkError, ClusterUnavailable: see `bulk.send_items`.
    """
    for generation in generations(context.client, context.names):
        if generation.live:
            check_fingerprint(encoder.spec, generation.meta, generation.index)
    version = _now_ms()
    embeddings = encoder.encode_items([item.text for item in items])

    def writes(target: Generation) -> list[ItemWrite]:
        vectors = _vectors_for(context, target, encoder, items, embeddings)
        return [
            index_write(item.item_id, to_document(item, vector), version)
            for item, vector in zip(items, vectors, strict=True)
        ]

    return _everywhere(context, len(items), writes)


def upsert_source(
    context: IndexContext, load_encoder: Callable[[], ItemEncoder], source: CatalogueSource
) -> tuple[UpdateReport, Survey]:
    """Upserts every item of a catalogue, after all of it was read and checked.

    Raises as `upsert` and `survey` do.
    """
    refuse_taken_alias(context.client, context.names)
    with source.open() as catalogue:
        surveyed = survey(
            catalogue,
            rejects_file=source.rejects_file,
            limit=RejectLimit.parse(context.settings.max_rejects),
            sample_items=1,
            progress=context.progress,
        )
        encoder = load_encoder()
        total = UpdateReport(0, (), (), ())
        context.progress.start("encode and index", surveyed.items)
        for items in item_windows(catalogue, context.settings.fill_window):
            report = upsert(context, encoder, items)
            total = UpdateReport(
                total.written + report.written,
                total.superseded + report.superseded,
                (),
                tuple(dict.fromkeys(total.indexes + report.indexes)),
            )
            context.progress.advance(len(items))
        context.progress.close()
    return total, surveyed


def delete(context: IndexContext, ids: Sequence[str]) -> UpdateReport:
    """Deletes items from the live index, and from one that is being filled.

    Raises NoItemsIndex, BulkError, ClusterUnavailable.
    """
    version = _now_ms()
    writes = [delete_write(item_id, version) for item_id in ids]
    return _everywhere(context, len(writes), lambda _: writes)


def _everywhere(
    context: IndexContext, count: int, writes_for: Callable[[Generation], list[ItemWrite]]
) -> UpdateReport:
    """Writes to each index behind our aliases, and looks for new ones until there are none.

    A rebuild may start, or move the alias, between the look and the write. Writes that reached
    another index than meant are sent again: their versions make that harmless.
    """
    names, reached = context.names, dict[str, WriteOutcome]()
    refuse_taken_alias(context.client, names)
    for _ in range(ROUNDS):
        targets = [
            g
            for g in generations(context.client, names)
            if (g.live or g.building) and g.index not in reached
        ]
        if not targets:
            break
        for target in targets:
            alias = names.items if target.live else names.items_building
            writes = writes_for(target)
            outcome = WriteOutcome()
            for start in range(0, len(writes), context.settings.bulk_items):
                batch = writes[start : start + context.settings.bulk_items]
                outcome.add(send_items(context, alias, batch))
            if outcome.indexes == {target.index} and not outcome.no_index:
                reached[target.index] = outcome
    if count and not reached:
        raise NoItemsIndex(
            f"there is no items index behind {names.items}: make one with "
            "live-intent index rebuild CATALOGUE"
        )
    superseded = {item_id for outcome in reached.values() for item_id in outcome.superseded}
    absent = [set(outcome.not_found) for outcome in reached.values()]
    absent_everywhere = set.intersection(*absent) if absent else set()
    return UpdateReport(
        written=count - len(superseded) - len(absent_everywhere),
        superseded=tuple(sorted(superseded)),
        not_found=tuple(sorted(absent_everywhere)),
        indexes=tuple(reached),
    )


def _vectors_for(
    context: IndexContext,
    target: Generation,
    encoder: ItemEncoder,
    items: Sequence[Item],
    embeddings: Vectors,
) -> Iterable[Vectors | None]:
    """Each item's vector in the target's space; None if it can't be made for one not yet live."""
    try:
        check_fingerprint(encoder.spec, target.meta, target.index)
        return ItemVectors(encoder, _projections(context, target, encoder)).of(items, embeddings)
    except (EncoderMismatch, BundleError):
        if target.live:
            raise
        return [None] * len(items)


def _projections(
    context: IndexContext, target: Generation, encoder: ItemEncoder
) -> Projections | None:
    if encoder.spec.layout == "sum":
        return None
    if encoder.halves is not None:
        return encoder.halves  # equal fingerprints: the index was made with them
    bundle = ModelBundle.load(context.bundles_dir / target.bundle)
    if bundle.vector_space != target.meta.get("vector_space"):
        raise BundleError(
            f"the model bundle {context.bundles_dir / bundle.name} is not the one that "
            f"{target.index} was made with: copy it from the machine that ran the rebuild, or "
            "rebuild"
        )
    return bundle.projections


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
