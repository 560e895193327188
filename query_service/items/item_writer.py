"""Writes of items that come over HTTP: put, patch, delete, in order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar, cast

from opensearchpy.exceptions import OpenSearchException

from indexer.catalogue.changes.item_changes import ItemChange, joined
from indexer.catalogue.items import Item
from indexer.index.bulk.refused_items import send_accepted
from indexer.index.context import IndexContext
from indexer.index.item_vectors import ItemEncoder
from indexer.index.live.updates import UpdateReport, delete, update, upsert
from indexer.index.stored_items import read_versions
from plugin_config.connection.client import cluster_unavailable
from query_service.items.item_locks import ItemLocks

Kind = Literal["put", "patch", "delete"]
Status = Literal["created", "updated", "deleted", "not_found", "superseded", "rejected"]
Value = TypeVar("Value")


@dataclass(frozen=True)
class ItemOperation:
    """One write; `item` of a put, `change` of a patch. `version`: ms since 1970; None: now."""

    kind: Kind
    item_id: str
    item: Item | None = None
    change: ItemChange | None = None
    version: int | None = None


@dataclass(frozen=True)
class ItemOutcome:
    """What became of one write; `reason` says why it was rejected or superseded."""

    status: Status
    reason: str = ""


@dataclass(frozen=True)
class ItemWrites:
    """`outcomes`: one for each operation, in order; `notes`: what else happened, a line each."""

    outcomes: list[ItemOutcome] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class ItemWriter:
    """Writes to the live index, and to one that is being filled. Safe to use from many threads."""

    def __init__(self, context: IndexContext, encoder: object, locks: ItemLocks) -> None:
        """`encoder` encodes items (`ItemEncoder`) where a text changed."""
        self._context = context
        self._encoder = encoder
        self._locks = locks

    def write(self, operations: Sequence[ItemOperation]) -> ItemWrites:
        """Does the writes in order; one outcome each, and notes on attributes and lost fields.

        Raises ClusterUnavailable, NoItemsIndex, EncoderMismatch, BundleError; some of the writes
        may be done then, and to send all of them again is safe.
        """
        writes = ItemWrites()
        for batch in _batches(operations):
            try:
                report, rejected = self._write_batch(batch)
                versions = self._versions(report.superseded)
            except OpenSearchException as error:
                raise cluster_unavailable(error) from error
            for each in batch:
                outcome = _outcome(each, report, rejected)
                writes.outcomes.append(_with_version(each, outcome, versions))
            writes.notes.extend(note for note in report.notes if note not in writes.notes)
        return writes

    def _write_batch(self, batch: Sequence[ItemOperation]) -> tuple[UpdateReport, dict[str, str]]:
        """The report, and why items were rejected, by item."""
        return send_accepted(self._send, batch, UpdateReport())

    def _send(self, batch: Sequence[ItemOperation]) -> UpdateReport:
        versions = {each.item_id: each.version for each in batch if each.version is not None}
        load: Callable[[], ItemEncoder] = lambda: cast(ItemEncoder, self._encoder)  # noqa: E731
        if batch[0].kind == "put":  # of one item the last counts
            return upsert(self._context, load, _not_none(each.item for each in batch), versions)
        if batch[0].kind == "patch":
            changes = joined(_not_none(each.change for each in batch))
            with self._locks.alone([change.item_id for change in changes]):
                return update(self._context, load, changes)
        return delete(self._context, list(dict.fromkeys(e.item_id for e in batch)), versions)

    def _versions(self, item_ids: Sequence[str]) -> dict[str, int]:
        """The versions that are stored of items whose write was older."""
        if not item_ids:
            return {}
        return read_versions(self._context, self._context.names.items, item_ids)


def _with_version(
    operation: ItemOperation, outcome: ItemOutcome, versions: dict[str, int]
) -> ItemOutcome:
    """The outcome, with the stored version where the write was superseded."""
    if outcome.status != "superseded":
        return outcome
    stored = versions.get(operation.item_id)
    what = "it was deleted since" if stored is None else f"its version is {stored}"
    return replace(outcome, reason=f"{what}, that of the write {operation.version or 'now'}")


def _batches(operations: Sequence[ItemOperation]) -> Iterator[list[ItemOperation]]:
    """Successive operations of one kind, so that their order is kept.

    An item is there twice only where its operations can be one: no version is named.
    """
    batch: list[ItemOperation] = []
    versions: dict[str, int | None] = {}
    for each in operations:
        repeats = each.item_id in versions
        one = each.version is None and versions.get(each.item_id) is None
        if batch and (each.kind != batch[0].kind or (repeats and not one)):
            yield batch
            batch, versions = [], {}
        batch.append(each)
        versions[each.item_id] = each.version
    if batch:
        yield batch


def _not_none(values: Iterator[Value | None]) -> list[Value]:
    return [value for value in values if value is not None]


def _outcome(
    operation: ItemOperation, report: UpdateReport, rejected: dict[str, str]
) -> ItemOutcome:
    item_id = operation.item_id
    if item_id in rejected:
        return ItemOutcome("rejected", rejected[item_id])
    if item_id in report.superseded:
        return ItemOutcome("superseded")
    if item_id in report.not_found:
        return ItemOutcome("not_found")
    if operation.kind == "delete":
        return ItemOutcome("deleted")
    return ItemOutcome("created" if item_id in report.created else "updated")
