"""Applies changes to the live index and to one that is being filled, several of an item at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from opensearchpy.exceptions import OpenSearchException

from indexer.catalogue.items import Item
from indexer.change_feed.change import FeedChange
from indexer.index.bulk.bulk_request import BulkError, NotTaken, delete_write, index_write
from indexer.index.carry_over.deletions import deleted_versions, record
from indexer.index.context import IndexContext
from indexer.index.documents import to_document
from indexer.index.live.live_vectors import LiveVectors
from indexer.index.live.live_writes import WritePlan, write_everywhere
from indexer.index.live.updates import LoadEncoder
from indexer.index.live.write_target import Target
from indexer.index.stored_items import StoredItem, newest
from plugin_config.connection.client import cluster_unavailable

Status = Literal["applied", "old", "missing", "rejected"]


@dataclass(frozen=True)
class ChangeOutcome:
    """What became of a change; `reason` says why it was rejected.

    `old`: a newer one is in the index, or a newer deletion. `missing`: the item to update is not
    there.
    """

    status: Status
    reason: str = ""


@dataclass
class Application:
    """`outcomes`: one for each change, in order; `notes`: lines on new attributes; `live`: index.

    `indexes`: all that were written to.
    """

    outcomes: list[ChangeOutcome]
    notes: list[str] = field(default_factory=list)
    live: str = ""
    indexes: tuple[str, ...] = ()


def apply_changes(
    context: IndexContext, load_encoder: LoadEncoder, changes: Sequence[FeedChange]
) -> Application:
    """Applies changes as if one after the other; each index gets one write for each item.

    A change counts if its version is not older than the item's, or than the item's deletion. So the
    same changes again change nothing. The encoder is loaded if an embedded text changed. If the
    cluster refuses an item, its changes are tried one by one, and those refused are `rejected`; so
    are those of items that it did not take in many tries, while it took others.

    Raises:
        NoItemsIndex, EncoderMismatch, BundleError: as `upsert` does.
        ClusterUnavailable: some changes may be applied; to apply all again is safe.
    """
    first = dict[str, list[Status]]()
    try:
        return _apply(context, load_encoder, changes, first)
    except BulkError as error:
        if not error.reasons:
            raise
        refused, again = error.reasons, len(changes) > 1
    except NotTaken as error:
        if not error.of_items:
            raise
        refused, again = error.reasons, False
    except OpenSearchException as error:
        raise cluster_unavailable(error) from error
    rows = [row for row, change in enumerate(changes) if change.item_id not in refused]
    result = Application(
        [ChangeOutcome("rejected", refused.get(change.item_id, "")) for change in changes]
    )
    batches = [rows] if rows else []
    if again:  # of an item with several changes only some may be refused
        batches += [[row] for row, change in enumerate(changes) if change.item_id in refused]
    for batch in batches:
        part = apply_changes(context, load_encoder, [changes[row] for row in batch])
        for row, outcome in zip(batch, part.outcomes, strict=True):
            result.outcomes[row] = outcome
        result.notes += part.notes
        result.live = part.live or result.live
        result.indexes = tuple(dict.fromkeys(result.indexes + part.indexes))
    for row in rows:  # those that the first request wrote are not old
        statuses = first.get(changes[row].item_id, [])
        earlier = sum(change.item_id == changes[row].item_id for change in changes[:row])
        if statuses and statuses[earlier] == "applied":
            result.outcomes[row] = ChangeOutcome("applied")
    return result


@dataclass(frozen=True)
class _Folded:
    """An item after its changes; `item` None: it is not there. `statuses`: of each change."""

    item: Item | None
    version: int
    statuses: list[Status]


def _fold(item: Item | None, version: int, changes: Sequence[FeedChange]) -> _Folded:
    statuses = list[Status]()
    for change in changes:
        if change.version < version:
            statuses.append("old")
            continue
        if change.update is not None and item is None:
            statuses.append("missing")
            continue
        if change.update is not None and item is not None:
            item = change.update.of_item(item)
        else:
            item = change.item  # None: deleted
        version = change.version
        statuses.append("applied")
    return _Folded(item, version, statuses)


def _apply(
    context: IndexContext,
    load_encoder: LoadEncoder,
    changes: Sequence[FeedChange],
    first: dict[str, list[Status]],
) -> Application:
    """`first` gets the statuses of each item's changes in the live index, before it is written."""
    rows: dict[str, list[int]] = {}
    for row, change in enumerate(changes):
        rows.setdefault(change.item_id, []).append(row)
    by_id = {item_id: [changes[row] for row in of_item] for item_id, of_item in rows.items()}
    deletions = {change.item_id: 0 for change in changes if change.op == "delete"}
    for change in changes:
        if change.op == "delete":
            deletions[change.item_id] = max(deletions[change.item_id], change.version)
    write_down = cache(lambda: record(context, deletions) if deletions else None)
    deleted = deleted_versions(context, list(by_id))
    vectors = LiveVectors(context, load_encoder)
    live: dict[str, StoredItem] = {}
    folded: dict[str, dict[str, _Folded]] = {}  # by index
    notes: list[str] = []

    def plan(target: Target, ids: Sequence[str]) -> WritePlan:
        write_down()
        stored = target.stored(context, ids)
        if target.generation.live:
            live.update(stored)
        # In a new index an item that the rebuild has not reached is as the live index had it.
        known = newest(live, stored)
        items = {i: _fold(*_state(i, known, deleted), by_id[i]) for i in ids}
        folded[target.generation.index] = items
        if target.generation.live:
            first.update((i, each.statuses) for i, each in items.items())
        changed = {i: each for i, each in items.items() if "applied" in each.statuses}
        wanted = [each.item for each in changed.values() if each.item is not None]
        made = vectors.of(target.generation, wanted, stored)
        schema = target.attributes(context, wanted, notes)
        writes = [
            index_write(i.item_id, to_document(i, vector, schema), changed[i.item_id].version)
            for i, vector in zip(wanted, made, strict=True)
        ]
        writes += [
            delete_write(i, each.version) for i, each in changed.items() if each.item is None
        ]
        return WritePlan(writes)

    outcome = write_everywhere(context, list(by_id), plan)
    overtaken = set(outcome.superseded)
    result = Application(
        [ChangeOutcome("old")] * len(changes), notes, outcome.live, tuple(outcome.by_index)
    )
    for item_id, of_item in rows.items():
        if item_id in overtaken:
            continue
        # What the live index says: a rebuild may yet fail, and its index go.
        index = outcome.live or next(iter(outcome.by_index))
        for row, status in zip(of_item, folded[index][item_id].statuses, strict=True):
            result.outcomes[row] = ChangeOutcome(status)
    return result


def _state(
    item_id: str, stored: Mapping[str, StoredItem], deleted: Mapping[str, int]
) -> tuple[Item | None, int]:
    """The item as it is, and the newest version that it had, a deletion's too.

    A document older than its item's deletion is only not deleted yet: one that a rebuild filled.
    """
    old = stored.get(item_id)
    version = deleted.get(item_id, 0)
    if old is None or old.version < version:
        return None, version
    return old.item, old.version
