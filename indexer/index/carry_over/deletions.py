"""The index of deletions: which items were deleted when, for rebuilds that began before.

The engine itself forgets a deletion within a minute, or when its node restarts; an item that was
deleted while a rebuild read it would be back at the swap.
"""

import time
from collections.abc import Iterator, Mapping, Sequence

from indexer.index.bulk.bulk_request import index_write, send_items
from indexer.index.carry_over.beginning import NONE_YET, Beginning
from indexer.index.carry_over.changed_documents import changed_documents
from indexer.index.context import IndexContext
from indexer.index.generations import refuse_taken
from indexer.index.stored_items import read_versions
from plugin_config.errors import ClusterUnavailable
from plugin_config.ownership import refuse_foreign
from plugin_config.provisioning.provisioned_indexes import create_index
from plugin_config.schema import MARK

_SHARD = "0"  # the only one
_TRIES = 3  # to write, while others delete the index
_BODY = {
    "settings": {"index.number_of_shards": 1, "index.auto_expand_replicas": "0-1"},
    "mappings": {
        "dynamic": "false",
        "_meta": MARK,
        "properties": {"deleted_at": {"type": "date"}},
    },
}


def record(context: IndexContext, versions: Mapping[str, int]) -> None:
    """Writes down that items are deleted; of several deletions the newest counts.

    `versions`: ms since 1970, by item id. It comes before the deletion itself, so that none can be
    acknowledged that is not written down. Raises ForeignIndex, BulkError, ClusterUnavailable.
    """
    deleted_at = time.time_ns() // 1_000_000
    writes = [
        index_write(item_id, {"deleted_at": deleted_at}, version)
        for item_id, version in versions.items()
    ]
    size, alias = context.settings.bulk_items, context.names.deletions_writing
    refuse_taken(context.client, [alias])
    for start in range(0, len(writes), size):
        for _ in range(_TRIES):
            if not send_items(context, alias, writes[start : start + size]).no_index:
                break
            _make_index(context)
        else:
            raise ClusterUnavailable(
                f"the index {context.names.deletions} is deleted again and again: nothing was "
                "deleted. Find out who does that"
            )


def deleted_since(context: IndexContext, beginning: Beginning) -> Iterator[tuple[str, int]]:
    """The items that were deleted since the beginning, or as of later; with their versions."""
    index = context.names.deletions
    if context.client.indices.exists(index=index):
        yield from changed_documents(context, index, beginning.deletions, beginning.version)


def deleted_versions(context: IndexContext, ids: Sequence[str]) -> dict[str, int]:
    """The versions as of which items were deleted, by id, read in real time.

    An item that was written again later is among them.
    """
    return read_versions(context, context.names.deletions, ids)


def deleted_before(
    context: IndexContext, beginning: Beginning, ids: Sequence[str]
) -> dict[str, int]:
    """The versions as of which items were deleted before the beginning, by id."""
    last = beginning.deletions.get(_SHARD, NONE_YET)
    if last == NONE_YET:  # nothing was deleted: no request for each window of a rebuild
        return {}
    versions = read_versions(context, context.names.deletions, ids, last)
    return {i: version for i, version in versions.items() if version <= beginning.version}


def forget_old(context: IndexContext) -> None:
    """Removes deletions that no rebuild can need any more."""
    oldest = time.time() - context.settings.deleted_items_days * 86_400
    older = {"lt": round(oldest * 1000), "format": "epoch_millis"}
    query = {"query": {"range": {"deleted_at": older}}}
    params = {"conflicts": "proceed", "ignore_unavailable": "true"}
    context.client.delete_by_query(index=context.names.deletions, body=query, params=params)


def _make_index(context: IndexContext) -> None:
    client, names = context.client, context.names
    refuse_foreign(client, [names.deletions])
    refuse_taken(client, [names.deletions_writing])
    create_index(client, names.deletions, _BODY)
    client.indices.put_alias(index=names.deletions, name=names.deletions_writing)
