"""Bulk requests: retried while the cluster is busy, with errors that name the item."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import orjson
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import SSLError, TransportError

from indexer.index.bulk_pace import wait_s
from indexer.index.context import IndexContext
from plugin_config.connection.client import one_try
from plugin_config.errors import ClusterUnavailable, LiveIntentError

BUSY = (429, 502, 503, 504)  # HTTP status
LOST_SHARD = "unavailable_shards_exception"
SHARD_WAIT_S = 5  # of the engine for a shard's primary; else it is a minute, at each try
# Written first among deletions alone, and always refused. The engine makes an index for a deletion
# with an external version, even if an alias is required, unless another write requires it.
_GUARD = (
    orjson.dumps({"index": {"_id": "\n", "if_seq_no": 2**62, "if_primary_term": 1}}) + b"\n{}\n"
)


class BulkError(LiveIntentError):
    """The cluster refuses items permanently; `reasons` by item id, empty for a whole request."""

    exit_code = 7

    def __init__(self, message: str, reasons: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.reasons = dict(reasons or {})


class NotTaken(ClusterUnavailable):
    """The cluster is busy or absent, or lacks a shard; `reasons` by item id.

    `taken`: writes that it took before. `of_items`: it took others, and has the shards of these.
    """

    def __init__(
        self, alias: str, writes: Sequence["ItemWrite"], tries: int, reason: str, *, taken: int
    ) -> None:
        names = ", ".join(write.item_id for write in writes[:3])
        more = ", ..." if len(writes) > 3 else ""
        super().__init__(
            f"{len(writes)} items were not taken by {alias} after {tries} tries (item {names}{more}"
            f"): {reason}. Try again when the cluster has room, or raise LIVE_INTENT_BULK_RETRIES."
        )
        self.reasons = {
            write.item_id: f"not taken after {tries} tries: {reason}" for write in writes
        }
        self.taken = taken
        self.of_items = taken > 0 and LOST_SHARD not in reason


@dataclass(frozen=True, slots=True)
class ItemWrite:
    """One item's part of a bulk request: action line and document, or a deletion."""

    item_id: str
    payload: bytes
    conditional: bool = False  # only in place of the write that was read
    deletion: bool = False


def index_write(
    item_id: str, document: dict[str, Any], version: int, *, only_newer: bool = False
) -> ItemWrite:
    """Puts a document, unless a newer version of it is there. `version`: ms since 1970.

    `only_newer`: nor if the same version is there.
    """
    meta = _meta(item_id, version)
    if only_newer:
        meta["version_type"] = "external"
    action = orjson.dumps({"index": meta})
    source = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    return ItemWrite(item_id, action + b"\n" + source + b"\n")


def conditional_write(
    item_id: str, document: dict[str, Any], seq_no: int, primary_term: int
) -> ItemWrite:
    """Puts a document in place of the one that was read, if nobody has written another since."""
    meta = {"_id": item_id, "if_seq_no": seq_no, "if_primary_term": primary_term}
    source = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    return ItemWrite(item_id, orjson.dumps({"index": meta}) + b"\n" + source + b"\n", True)


def delete_write(item_id: str, version: int) -> ItemWrite:
    """Deletes a document, unless a newer version of it is there. `version`: ms since 1970."""
    action = orjson.dumps({"delete": _meta(item_id, version)})
    return ItemWrite(item_id, action + b"\n", deletion=True)


@dataclass
class WriteOutcome:
    """The result of writes. `indexes` are the concrete ones behind the alias written to."""

    written: int = 0
    superseded: list[str] = field(default_factory=list)  # ids with a newer version in the index
    not_found: list[str] = field(default_factory=list)  # ids to delete that were not there
    created: list[str] = field(default_factory=list)  # ids that were not there before
    conflicts: list[str] = field(default_factory=list)  # conditional writes that came too late
    indexes: set[str] = field(default_factory=set)
    no_index: bool = False  # the alias does not exist (any more)

    def add(self, other: "WriteOutcome") -> None:
        """Adds another outcome to this one."""
        self.written += other.written
        self.superseded += other.superseded
        self.not_found += other.not_found
        self.created += other.created
        self.conflicts += other.conflicts
        self.indexes |= other.indexes
        self.no_index = self.no_index or other.no_index


def send_items(
    context: IndexContext,
    alias: str,
    writes: Sequence[ItemWrite],
    stop: threading.Event | None = None,
) -> WriteOutcome:
    """Sends writes to an alias, at the context's pace; retries those that a busy cluster refused.

    A retry is safe: a write carries its version. The target must be an alias, so that a write after
    the index was deleted never creates an index of that name. `stop` ends the waits.

    Raises:
        BulkError: the cluster refuses an item permanently; the message names it.
        NotTaken: nothing more was taken in `bulk_retries` retries, by a busy or absent cluster.
    """
    outcome, pending, attempt = WriteOutcome(), list(writes), 0
    retries, stop = context.settings.bulk_retries, stop or context.pace.stop
    while True:
        before = len(pending)
        pending, reason = _send_paced(context, alias, pending, outcome)
        if not pending:
            return outcome
        attempt = 1 if len(pending) < before else attempt + 1
        if attempt > retries:
            break
        pause_s = wait_s(attempt - 1)
        context.progress.note(
            f"{alias} is busy ({reason}): {len(pending)} items are sent again in {pause_s:.1f} s, "
            f"at {context.pace.share:.0%} of a request's size (try {attempt + 1} of {retries + 1})"
        )
        if stop.wait(pause_s):
            break
    raise NotTaken(alias, pending, attempt, reason, taken=len(writes) - len(pending))


def _send_paced(
    context: IndexContext, alias: str, writes: list[ItemWrite], outcome: WriteOutcome
) -> tuple[list[ItemWrite], str]:
    """Sends all in requests as large as the cluster takes now; stops at one that it refuses.

    Returns the writes to retry, and why they were refused.
    """
    settings, pace = context.settings, context.pace
    start = 0
    while start < len(writes):
        end = _end(writes, start, settings.bulk_items * pace.share, settings.bulk_mb * pace.share)
        with pace.request():
            refused, reason = _send_once(context, alias, writes[start:end], outcome)
            if refused:
                pace.refused()
                return refused + writes[end:], reason
            pace.taken()
        start = end
    return [], ""


def _end(writes: Sequence[ItemWrite], start: int, items: float, megabytes: float) -> int:
    """Where a request that begins at `start` ends: one write at least."""
    end, size = start + 1, len(writes[start].payload)
    while end < len(writes) and end - start < items:
        size += len(writes[end].payload)
        if size > megabytes * 1e6:
            break
        end += 1
    return end


def _send_once(
    context: IndexContext, alias: str, writes: list[ItemWrite], outcome: WriteOutcome
) -> tuple[list[ItemWrite], str]:
    """Sends once, adds to `outcome`; returns the writes to retry, and why they were refused."""
    timeout_s = context.settings.bulk_timeout_s
    params: dict[str, Any] = {"require_alias": "true", "request_timeout": timeout_s}
    params["timeout"] = f"{round(min(SHARD_WAIT_S, timeout_s / 2) * 1000)}ms"
    payloads = [write.payload for write in writes]
    guarded = all(write.deletion for write in writes)
    if guarded:
        payloads.insert(0, _GUARD)
    try:
        with one_try():  # `send_items` retries, and counts
            response = context.client.bulk(body=b"".join(payloads), index=alias, params=params)
    except SSLError:
        raise
    except NoConnection as error:  # time-outs too
        return writes, f"{type(error).__name__}: {error.error}"
    except TransportError as error:
        if error.status_code in BUSY:
            return writes, f"HTTP {error.status_code}, {error.error}"
        if error.status_code == 413 and len(writes) > 1:
            half = len(writes) // 2
            first, reason = _send_once(context, alias, writes[:half], outcome)
            second, reason2 = _send_once(context, alias, writes[half:], outcome)
            return first + second, reason or reason2
        raise BulkError(
            f"the cluster refuses a bulk request of {len(writes)} items to {alias} (the first: "
            f"item {writes[0].item_id}): HTTP {error.status_code}, {error.error}"
        ) from error
    return _read_results(alias, writes, response["items"][guarded:], outcome)


def _read_results(
    alias: str, writes: list[ItemWrite], results: Iterable[dict[str, Any]], outcome: WriteOutcome
) -> tuple[list[ItemWrite], str]:
    refused: list[ItemWrite] = []
    failed: list[tuple[str, dict[str, Any]]] = []
    reason = ""
    for write, by_action in zip(writes, results, strict=True):
        (result,) = by_action.values()
        status = result["status"]
        error = result.get("error")
        if error is None:
            outcome.indexes.add(result["_index"])
            if status == 404:
                outcome.not_found.append(write.item_id)
            else:
                outcome.written += 1
                if status == 201:
                    outcome.created.append(write.item_id)
        elif status == 409 and error["type"] == "version_conflict_engine_exception":
            outcome.indexes.add(error.get("index", result["_index"]))
            later = outcome.conflicts if write.conditional else outcome.superseded
            later.append(write.item_id)
        elif status == 404 and error["type"] == "index_not_found_exception":
            outcome.no_index = True
        elif status in BUSY:
            refused.append(write)
            reason = f"{error['type']}: {error['reason']}"
        else:
            failed.append((write.item_id, error))
    if failed:
        _raise_refused(alias, failed)
    return refused, reason


def _raise_refused(alias: str, failed: list[tuple[str, dict[str, Any]]]) -> NoReturn:
    reasons = {}
    for item_id, error in failed:
        cause = error.get("caused_by") or {}
        reason = f"{error['type']}: {error['reason']}"
        if cause.get("reason") and cause["reason"] not in reason:
            reason += f" ({cause['reason']})"
        reasons[item_id] = reason
    lines = [f"  item {item_id}: {reason}" for item_id, reason in list(reasons.items())[:5]]
    more = f"\n  and {len(failed) - 5} more" if len(failed) > 5 else ""
    raise BulkError(
        f"{alias} refuses {len(failed)} of the items:\n" + "\n".join(lines) + more + "\n"
        "Fix these rows of the catalogue, or leave them out.",
        reasons,
    )


def _meta(item_id: str, version: int) -> dict[str, Any]:
    return {"_id": item_id, "version": version, "version_type": "external_gte"}
