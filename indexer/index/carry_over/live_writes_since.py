"""Brings what was written live since a rebuild began into the index that it fills."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from indexer.index.attribute_schema import AttributeSchema
from indexer.index.bulk.bulk_request import (
    ItemWrite,
    conditional_write,
    delete_write,
    index_write,
    send_items,
)
from indexer.index.carry_over.beginning import Beginning
from indexer.index.carry_over.changed_documents import changed_documents
from indexer.index.carry_over.deletions import deleted_since
from indexer.index.context import IndexContext
from indexer.index.documents import to_document
from indexer.index.generations import NewIndex, live_generation
from indexer.index.stored_items import IDENTITY, StoredItem, read_stored, read_versions
from plugin_config.schema import CHANGED_AT

Each = TypeVar("Each")


class LiveWritesSince:
    """Live writes since a rebuild's beginning that its new index may not have.

    A writer that saw the new index writes to it by itself. One that did not had finished with the
    live index before the new one was there; `copy` finds those writes, if it runs after that.
    """

    def __init__(self, context: IndexContext, new: NewIndex, beginning: Beginning) -> None:
        self._context, self._new, self._beginning = context, new, beginning

    def copy(self, vector_space: str) -> int:
        """Copies items written live to the new index, with their versions; returns their number.

        They keep their vectors if the live index has the same vector space; else they have none
        yet. A version that is in the new index already stays as it is there.
        """
        context, new = self._context, self._new
        live = live_generation(context.client, context.names)
        if live is None:
            return 0
        # If the alias was moved by hand since then, only versions say what is newer.
        since = self._beginning.items if live.index == self._beginning.live else None
        with_vectors = bool(vector_space) and live.meta.get("vector_space") == vector_space
        changed = changed_documents(context, live.index, since, self._beginning.version)
        copied = 0
        for batch in _batches((item_id for item_id, _ in changed), context.settings.bulk_items):
            pending = batch
            while pending:
                stored = read_stored(context, live.index, pending)
                mapping = context.client.indices.get_mapping(index=new.name)[new.name]["mappings"]
                schema = AttributeSchema.of_mapping(mapping).extended(
                    context.client, new.name, [each.item for each in stored.values()]
                )
                there = read_stored(context, new.name, list(stored), IDENTITY)
                writes = [
                    _write(each, there.get(item_id), schema, with_vectors)
                    for item_id, each in stored.items()
                    if item_id not in there or there[item_id].version < each.version
                ]
                outcome = send_items(context, new.alias, writes)
                copied += outcome.written
                pending = outcome.conflicts  # a writer was quicker: what is newer now?
        return copied

    def delete(self) -> set[str]:
        """Deletes from the new index what was deleted live; returns the ids of all of these.

        An item that was written again stays, also one that came back with the deletion's version:
        only the live index says which of the two was later.
        """
        context = self._context
        live = live_generation(context.client, context.names)
        deleted: set[str] = set()
        since = deleted_since(context, self._beginning)
        for batch in _batches(since, context.settings.bulk_items):
            ids = [item_id for item_id, _ in batch]
            back = read_versions(context, live.index, ids) if live else {}
            there = read_versions(context, self._new.name, ids)
            deletions = [
                # Where the version before it is enough, none that comes back meanwhile is hit.
                delete_write(item_id, version if there.get(item_id) == version else version - 1)
                for item_id, version in batch
                if there.get(item_id, 0) <= version and back.get(item_id, 0) < version
            ]
            send_items(context, self._new.alias, deletions)
            deleted.update(ids)
        return deleted


def _write(
    stored: StoredItem, there: StoredItem | None, schema: AttributeSchema, with_vector: bool
) -> ItemWrite:
    """Put an item of the live index in place of what is `there`, in the new one."""
    item_id = stored.item.item_id
    document = to_document(stored.item, stored.vector if with_vector else None, schema)
    if there is None:
        return index_write(item_id, document, stored.version, only_newer=True)
    # Not by its version: that of a change there is lower than in the live index.
    document[CHANGED_AT] = stored.version
    return conditional_write(item_id, document, there.seq_no, there.primary_term)


def _batches(each: Iterable[Each], size: int) -> Iterator[list[Each]]:
    iterator = iter(each)
    while batch := list(islice(iterator, size)):
        yield batch
