"""Items as an index stores them, with their vectors and versions."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.bundle.projections import Vectors
from indexer.catalogue.items import Item
from indexer.index.context import IndexContext
from indexer.index.documents import from_float16_base64, to_stored_item
from plugin_config.errors import ClusterUnavailable
from plugin_config.schema import CHANGED_AT, VECTOR_FLOAT16

BATCH = 500  # items in one request
IDENTITY = ("item_id", "title")  # an `Item` has at least these fields


@dataclass(frozen=True)
class StoredItem:
    """An item of one index. `vector` float32 [dims] is the float16 copy, None without one."""

    item: Item
    vector: Vectors | None
    version: int  # ms since 1970; see `version_of`
    seq_no: int  # with `primary_term`: which write of the document it is
    primary_term: int


def version_of(version: int, source: Mapping[str, Any]) -> int:
    """The version of a document, ms since 1970: the engine's, or the time of its last change.

    A change that depends on what was read can't have a version: the engine adds 1 to the one
    before, and the document says when that was.
    """
    return max(version, int(source.get(CHANGED_AT, 0)))


def read_stored(
    context: IndexContext, index: str, ids: Sequence[str], fields: Sequence[str] = ()
) -> dict[str, StoredItem]:
    """The stored ones of the items, by id, read in real time; with these fields, or all.

    Raises ClusterUnavailable: the index lacks the shard of one of them.
    """
    stored: dict[str, StoredItem] = {}
    params: dict[str, Any] = {"request_timeout": context.settings.bulk_timeout_s}
    if fields:
        params["_source_includes"] = ",".join((*fields, CHANGED_AT))
    for start in range(0, len(ids), BATCH):
        body = {"ids": list(ids[start : start + BATCH])}
        for row in context.client.mget(index=index, body=body, params=params)["docs"]:
            if not _found(row, index):
                continue
            source, vector = row["_source"], None
            if copy := source.get(VECTOR_FLOAT16):
                vector = from_float16_base64(copy)
            stored[row["_id"]] = StoredItem(
                to_stored_item(source),
                vector,
                version_of(row["_version"], source),
                row["_seq_no"],
                row["_primary_term"],
            )
    return stored


def newest(
    live: Mapping[str, StoredItem], stored: Mapping[str, StoredItem]
) -> dict[str, StoredItem]:
    """The items of both indexes, by id, each as it is `stored`, or newer in the live one.

    An index that is being filled lacks items that the rebuild has not reached, and writes that
    were made while nobody filled it.
    """
    newer = {i: old for i, old in live.items() if i in stored and stored[i].version < old.version}
    return {**live, **stored, **newer}


def read_versions(
    context: IndexContext, index: str, ids: Sequence[str], last_seq_no: int = sys.maxsize
) -> dict[str, int]:
    """The versions of the stored ones of the items, ms since 1970, by id, read in real time.

    Without those that were written after the one with that sequence number. Raises as
    `read_stored` does.
    """
    versions: dict[str, int] = {}
    params = {"request_timeout": context.settings.bulk_timeout_s, "_source": CHANGED_AT}
    for start in range(0, len(ids), BATCH):
        body = {"ids": list(ids[start : start + BATCH])}
        for row in context.client.mget(index=index, body=body, params=params)["docs"]:
            if _found(row, index) and row["_seq_no"] <= last_seq_no:
                versions[row["_id"]] = version_of(row["_version"], row["_source"])
    return versions


def _found(row: Mapping[str, Any], index: str) -> bool:
    """Whether an index has an item, by a row of the engine's answer; there may be no such index.

    Raises ClusterUnavailable: nobody knows, as the item's shard is away.
    """
    error = row.get("error")
    if error and error["type"] != "index_not_found_exception":
        raise ClusterUnavailable(
            f"item {row['_id']} can't be read from {index}: {error['type']}: {error['reason']}. "
            "See _cluster/health, and try again when the index is at least yellow"
        )
    return bool(row.get("found"))
