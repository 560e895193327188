"""Items as an index stores them, with their vectors and versions."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.bundle.projections import Vectors
from indexer.catalogue.items import Item
from indexer.index.context import IndexContext
from indexer.index.documents import from_float16_base64, to_stored_item
from plugin_config.connection.engine_deadline import LAST_TRY_S, engine_time_left, tries
from plugin_config.errors import ClusterUnavailable
from plugin_config.schema import CHANGED_AT, VECTOR_FLOAT16

BATCH = 500  # items in one request
ABSENT_INDEX = "index_not_found_exception"
# For the shard of an index that was just made: 0.1 to 2 s on busy nodes.
SHARD_WAIT_S = 5.0
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
        for row in _documents(context, index, ids[start : start + BATCH], params):
            if not row.get("found"):
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
        for row in _documents(context, index, ids[start : start + BATCH], params):
            if row.get("found") and row["_seq_no"] <= last_seq_no:
                versions[row["_id"]] = version_of(row["_version"], row["_source"])
    return versions


def _documents(
    context: IndexContext, index: str, ids: Sequence[str], params: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The engine's rows of some items; asked again while an index that was just made starts.

    Raises ClusterUnavailable: the shard of one of them is still away after SHARD_WAIT_S, or at the
    deadline of a request.
    """
    left_s = engine_time_left()
    wait_s = SHARD_WAIT_S if left_s is None else min(SHARD_WAIT_S, left_s - LAST_TRY_S)
    for _ in tries(time.monotonic() + wait_s):
        answer = context.client.mget(index=index, body={"ids": list(ids)}, params=dict(params))
        rows: list[dict[str, Any]] = answer["docs"]
        away = next((row for row in rows if _is_away(row)), None)
        if away is None:
            return rows
    assert away is not None
    error = away["error"]
    raise ClusterUnavailable(
        f"item {away['_id']} can't be read from {index}: {error['type']}: {error['reason']}. See "
        "_cluster/health, and try again when the index is at least yellow"
    )


def _is_away(row: Mapping[str, Any]) -> bool:
    """Whether nobody knows if the item is there; an index that does not exist has none."""
    return bool(row.get("error", {}).get("type", ABSENT_INDEX) != ABSENT_INDEX)
