"""Live upserts, changes and deletes: in the live index, and in one that is being filled."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from indexer.catalogue.changes.item_changes import (
    ItemChange,
)
from indexer.catalogue.changes.lost_fields import vanished
from indexer.catalogue.items import Item
from indexer.index.bulk.bulk_request import conditional_write, delete_write, index_write
from indexer.index.carry_over.deletions import deleted_versions, record
from indexer.index.context import IndexContext
from indexer.index.documents import to_document
from indexer.index.item_vectors import ItemEncoder
from indexer.index.live.live_vectors import LiveVectors
from indexer.index.live.live_writes import LiveOutcome, WritePlan, write_everywhere
from indexer.index.live.write_target import Target
from indexer.index.stored_items import StoredItem, newest, read_versions
from plugin_config.schema import CHANGED_AT

LoadEncoder = Callable[[], ItemEncoder]
Versions = Mapping[str, int]  # ms since 1970, by item id


@dataclass(frozen=True)
class UpdateReport:
    """`written` items are in each of `indexes`; ids in `superseded` have a newer version there."""

    written: int = 0
    superseded: tuple[str, ...] = ()
    not_found: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    vanished: Mapping[str, int] = field(default_factory=dict)  # items that lost a field, by field
    examples: Mapping[str, str] = field(default_factory=dict)  # of these: item and old value
    attributes: tuple[str, ...] = ()  # a line for each new attribute, and for one of another type
    refused: Mapping[str, str] = field(default_factory=dict)  # why not, by item; dead letters

    @property
    def notes(self) -> list[str]:
        """A line for each attribute of `attributes`, and for each field that vanished."""
        lost = [
            f"{name} vanished of {count} items ({self.examples[name]})"
            for name, count in sorted(self.vanished.items())
        ]
        return [*self.attributes, *lost]

    def plus(self, other: "UpdateReport") -> "UpdateReport":
        """The report of both; every index that either reached."""
        return UpdateReport(
            written=self.written + other.written,
            superseded=self.superseded + other.superseded,
            not_found=self.not_found + other.not_found,
            indexes=tuple(dict.fromkeys(self.indexes + other.indexes)),
            created=self.created + other.created,
            vanished=dict(Counter(self.vanished) + Counter(other.vanished)),
            examples={**other.examples, **self.examples},
            attributes=tuple(dict.fromkeys(self.attributes + other.attributes)),
            refused={**self.refused, **other.refused},
        )


def upsert(
    context: IndexContext,
    load_encoder: LoadEncoder,
    items: Sequence[Item],
    versions: Versions | None = None,
) -> UpdateReport:
    """Puts whole items in place of what is stored of them; visible within a second.

    The vectors are those of `LiveVectors`: the encoder is loaded only when an embedded text
    changed. `versions` where they are not now: an item that is newer, or was deleted later, stays
    as it is. Without one an item wins over what is stored, ahead of the clock or not. The report
    says which fields vanished.

    Raises:
        EncoderMismatch: the live index holds vectors of another encoder.
        BundleError: the live index's bundle is needed and not on this machine.
        NoItemsIndex, BulkError, ClusterUnavailable: see `write_everywhere`.
    """
    now, versions = now_ms(), versions or {}
    vectors = LiveVectors(context, load_encoder)
    by_id = {item.item_id: item for item in items}
    deleted = deleted_versions(context, list(by_id))
    losses, notes = dict[str, dict[str, str]](), list[str]()
    as_of = {i: versions.get(i, max(now, deleted.get(i, 0) + 1)) for i in by_id}

    def plan(target: Target, ids: Sequence[str]) -> WritePlan:
        stored = target.stored(context, ids)
        known = deleted | {i: max(deleted.get(i, 0), old.version) for i, old in stored.items()}
        # In the new index not below the live one: there an item may come with that one's version.
        as_of.update(
            {i: max(as_of[i], old.version + 1) for i, old in stored.items() if i not in versions}
        )
        newer = {i for i in ids if as_of[i] < known.get(i, 0)}
        wanted = [by_id[item_id] for item_id in ids if item_id not in newer]
        if target.generation.live:
            losses.update((i, vanished(old.item, by_id[i])) for i, old in stored.items())
        made = vectors.of(target.generation, wanted, stored)
        schema = target.attributes(context, wanted, notes)
        writes = [
            index_write(i.item_id, to_document(i, vector, schema), as_of[i.item_id])
            for i, vector in zip(wanted, made, strict=True)
        ]
        return WritePlan(writes, superseded=sorted(newer))

    outcome = write_everywhere(context, list(by_id), plan)
    return _report(outcome, len(by_id), losses, notes)


def update(
    context: IndexContext, load_encoder: LoadEncoder, changes: Sequence[ItemChange]
) -> UpdateReport:
    """Changes the given fields of items and no others; at most one change per item.

    An item that is not in the live index is reported and not made. A change without a version is
    made on the newest state of its item, as of now: two that come together both count. One with a
    version counts unless the stored item has a newer one. During a rebuild an item that is not in
    the new index yet gets there with its other fields as the live index has them. Raises as
    `upsert` does.
    """
    now = now_ms()
    vectors = LiveVectors(context, load_encoder)
    by_id = {change.item_id: change for change in changes}
    live: dict[str, StoredItem] | None = None  # None: no live index was read
    dated = False  # whether the live index keeps when a change was made
    notes: list[str] = []

    def plan(target: Target, ids: Sequence[str]) -> WritePlan:
        nonlocal live, dated
        stored = target.stored(context, ids)
        if target.generation.live:
            # Without those that others have deleted since they were read.
            others = {i: old for i, old in (live or {}).items() if i not in ids}
            live, dated = {**others, **stored}, target.generation.attributes.dates_changes
        elif live is not None:  # a rebuild's index may have what was deleted, and may be given up
            stored = {i: old for i, old in stored.items() if i in live}
        known = newest(live or {}, stored)
        bases = {i: known[i] for i in ids if i in known}
        newer = {
            i
            for i, old in stored.items()
            if (version := by_id[i].version) and version < old.version
        }
        wanted = [by_id[i].of_item(bases[i].item) for i in bases if i not in newer]
        made = vectors.of(target.generation, wanted, stored)
        schema = target.attributes(context, wanted, notes)
        writes = []
        for item, vector in zip(wanted, made, strict=True):
            document, old = to_document(item, vector, schema), stored.get(item.item_id)
            version = by_id[item.item_id].version
            # Later than what was read: of two changes the one that was made on the other wins.
            after = max(now if dated else 0, known[item.item_id].version + 1)
            if version is None and old is not None:
                document |= {CHANGED_AT: after} if schema.dates_changes else {}
                write = conditional_write(item.item_id, document, old.seq_no, old.primary_term)
            else:  # one that the rebuild has not reached: as the live index has it now
                write = index_write(item.item_id, document, version or after)
            writes.append(write)
        return WritePlan(writes, [i for i in ids if i not in bases], sorted(newer))

    outcome = write_everywhere(context, list(by_id), plan)
    return _report(outcome, len(by_id), notes=notes)


def delete(
    context: IndexContext, ids: Sequence[str], versions: Versions | None = None
) -> UpdateReport:
    """Deletes items from the live index, and from one that is being filled.

    `versions` where they are not now: an item that is newer stays. Without one an item goes,
    whatever its version. Raises NoItemsIndex, BulkError, ClusterUnavailable.
    """
    now, versions = now_ms(), versions or {}
    unversioned = [item_id for item_id in ids if item_id not in versions]
    stored = read_versions(context, context.names.items, unversioned)
    as_of = {i: versions.get(i, max(now, stored.get(i, 0) + 1)) for i in ids}
    write_down = cache(lambda: record(context, as_of))  # once, before the first index is written

    def plan(target: Target, ids: Sequence[str]) -> WritePlan:
        write_down()
        versioned = [item_id for item_id in ids if item_id in versions]
        there = read_versions(context, target.generation.index, versioned)
        newer = {item_id for item_id, version in there.items() if as_of[item_id] < version}
        deletions = [delete_write(i, as_of[i]) for i in ids if i not in newer]
        return WritePlan(deletions, superseded=sorted(newer))

    return _report(write_everywhere(context, ids, plan), len(ids))


def _report(
    outcome: LiveOutcome,
    count: int,
    losses: Mapping[str, Mapping[str, str]] | None = None,
    notes: Sequence[str] = (),
) -> UpdateReport:
    superseded, not_found = outcome.superseded, outcome.not_found
    vanished_fields, examples, older = Counter[str](), dict[str, str](), set(superseded)
    for item_id, fields in (losses or {}).items():
        if item_id not in older:
            vanished_fields.update(fields.keys())
            for name, value in fields.items():
                examples.setdefault(name, f"item {item_id}: {value[:60]}")
    return UpdateReport(
        written=count - len(superseded) - len(not_found),
        superseded=tuple(superseded),
        not_found=tuple(not_found),
        indexes=tuple(outcome.by_index),
        created=tuple(outcome.created),
        vanished=dict(vanished_fields),
        examples=examples,
        attributes=tuple(dict.fromkeys(notes)),
    )


def now_ms() -> int:
    """The time as a version: ms since 1970."""
    return time.time_ns() // 1_000_000
