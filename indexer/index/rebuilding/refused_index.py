"""An index that was refused before the swap: kept for a look, then swapped in by hand or deleted.

It is out of every alias, so live writes pass it by; `activate` brings them in.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from indexer.bundle.model_bundle import ModelBundle
from indexer.encoder_spec import check_fingerprint
from indexer.index.carry_over.beginning import Beginning
from indexer.index.carry_over.live_writes_since import LiveWritesSince
from indexer.index.construction import discard, under_way
from indexer.index.context import IndexContext
from indexer.index.generations import (
    READY,
    REFUSED,
    Generation,
    NewIndex,
    NoItemsIndex,
    generations,
    of_name,
)
from indexer.index.item_vectors import ItemEncoder, ItemVectors
from indexer.index.owner import Owner
from indexer.index.rebuilding.before_swap import SwapRefused
from indexer.index.rebuilding.missing_vectors import add_missing_vectors, missing_vectors
from indexer.index.swap import move_alias, set_meta
from plugin_config.errors import LiveIntentError

REASONS, REFUSED_AT = "refused", "refused_at"  # in `_meta`


class IndexKept(LiveIntentError):
    """An index is kept for a roll-back; nothing was deleted."""

    exit_code = 4


def refuse(context: IndexContext, index: str, refusal: SwapRefused) -> SwapRefused:
    """Takes the index out of its aliases, and writes down why; returns the error to raise."""
    generation = of_name(context.client, context.names, index)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    reasons = {REASONS: list(refusal.reasons), REFUSED_AT: now}
    set_meta(context.client, index, {**generation.meta, "state": REFUSED, **reasons})
    _let_go(context, generation)
    reasons_shown = "".join(f"\n  {reason}" for reason in refusal.reasons)
    return SwapRefused(
        refusal.reasons,
        f"the gate refused {index}: the alias {context.names.items} was not moved.{reasons_shown}\n"
        f"The index is kept for a look. To use it all the same: live-intent index activate {index}"
        f". To delete it: live-intent index discard {index}",
    )


def activate(
    context: IndexContext, index: str, load_encoder: Callable[[], ItemEncoder]
) -> tuple[Generation | None, int]:
    """Brings a refused index up to date with what was written live since, and moves the alias.

    Returns the index that was live before, and the number of items that were brought in. The
    encoder is loaded only if one of these has no vector yet. Raises NoItemsIndex for an index that
    is not a refused one, RebuildUnderWay beside a rebuild, EncoderMismatch, BundleError.
    """
    client, names = context.client, context.names
    generation = of_name(context.client, context.names, index)
    if generation.live:
        raise NoItemsIndex(f"{names.items} points at {index} already: there is nothing to do")
    if generation.state != REFUSED:
        raise NoItemsIndex(
            f"{index} was not refused by the gate. An earlier or later index is put back by: "
            f"live-intent index rollback --to {index}"
        )
    new = NewIndex(index, names.items_building)
    aliases = (names.items_building, Owner.this_process().alias(names))
    actions = [{"add": {"index": index, "alias": alias}} for alias in aliases]
    set_meta(client, index, {**generation.meta, **Owner.this_process().to_meta()})
    client.indices.update_aliases(body={"actions": actions})
    try:
        _check_alone(context, index)
        live = next((g for g in generations(client, names) if g.live), None)
        writes = LiveWritesSince(context, new, Beginning.of_meta(generation.meta["beginning"]))
        carried = writes.copy(generation.vector_space)
        carried += len(writes.delete())
        client.indices.refresh(index=index)
        if missing_vectors(context, index):
            add_missing_vectors(
                context, index, new.alias, _vectors(context, generation, load_encoder())
            )
        set_meta(client, index, {**generation.meta, "state": READY})
        move_alias(client, names, index)
    except BaseException:
        current = of_name(context.client, context.names, index)
        if not current.live:
            set_meta(client, index, generation.meta)
            _let_go(context, current)
        raise
    return live, carried


def discard_by_hand(context: IndexContext, index: str, *, force: bool = False) -> None:
    """Deletes an index that no search reads and no rebuild fills, with its model bundle.

    Raises NoItemsIndex; IndexKept, unless `force`, for one that was live.
    """
    generation = of_name(context.client, context.names, index)
    if generation.live:
        raise NoItemsIndex(f"{index} is live: searches read it, and it is not deleted")
    if generation.building and not generation.owner.is_dead():
        raise under_way(generation, None)
    if generation.state == READY and not force:
        raise IndexKept(
            f"{index} is kept for a roll-back (live-intent index rollback --to {index}), and was "
            "not deleted. A rebuild deletes it when LIVE_INTENT_KEEP_INDEXES newer ones are kept. "
            "To delete it now, add --force"
        )
    discard(context, index)


def _check_alone(context: IndexContext, index: str) -> None:
    for other in generations(context.client, context.names):
        if other.building and other.index != index:
            raise under_way(other, None)


def _vectors(context: IndexContext, generation: Generation, encoder: ItemEncoder) -> ItemVectors:
    check_fingerprint(encoder.spec, generation.meta, generation.index)
    projections = encoder.halves
    if encoder.spec.layout != "sum" and projections is None:
        projections = ModelBundle.load(context.bundles_dir / generation.bundle).projections
    return ItemVectors(encoder, projections)


def _let_go(context: IndexContext, generation: Generation) -> None:
    """Takes a rebuild's aliases off the index."""
    names = context.names
    removed = [
        {"remove": {"index": generation.index, "alias": alias, "must_exist": False}}
        for alias in filter(None, (names.items_building, generation.owner_alias))
    ]
    context.client.indices.update_aliases(body={"actions": removed})
