"""One `_bulk` of writes, each with its own result; temporary failures are retried."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.connection.client import cluster_unavailable

ATTEMPTS = 3
# 409: another process wrote to the same session in between.
RETRIED_STATUSES = frozenset({409, 429, 502, 503, 504})
CONFLICT_RETRIES = 50
# Of these a retry brings nothing until somebody has changed the index.
LASTING = frozenset({"cluster_block_exception", "index_closed_exception"})
LASTING_RETRY_AFTER_S = 10
_OF_THE_DOCUMENT = frozenset({"mapper_parsing_exception", "illegal_argument_exception"})
_DISK_FULL = ("flood-stage", "read-only / allow delete", "no space left")
Cause = Literal["", "event", "cluster", "disk"]
# Of a document of a session or user, what decides whether a write still holds.
STATE_FIELDS = ("user_id", "erased_at", "split_at", "joining", "consent")


@dataclass(frozen=True)
class DocumentWrite:
    """One action of a `_bulk`: `kind` is update, create or index; or delete, without a body.

    `index` is an alias, except of a delete: a write to an index that is gone would create it, with
    guessed types; a write to an alias that is gone fails. `version` (sequence number and primary
    term): only if the document still has it.
    """

    kind: str
    index: str
    document_id: str
    body: dict[str, Any] = field(default_factory=dict)
    version: tuple[int, int] | None = None

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of the bulk body."""
        target: dict[str, Any] = {"_index": self.index, "_id": self.document_id}
        if self.version is not None:
            target["if_seq_no"], target["if_primary_term"] = self.version
        if self.kind == "delete":
            return [{"delete": target}]
        target["require_alias"] = True
        if self.kind == "update" and self.version is None:
            target["retry_on_conflict"] = CONFLICT_RETRIES
        return [{self.kind: target}, self.body]


@dataclass(frozen=True)
class WriteResult:
    """HTTP status of one write; `reason` says why it failed, "" if it succeeded.

    `cause`: whether the document, the cluster's state or a full disk is at fault. `outcome` is
    created, updated, deleted, noop, not_found or "". Of a scripted write: the sequence number of
    the document, and its STATE_FIELDS.
    """

    status: int
    reason: str = ""
    cause: Cause = ""
    outcome: str = ""
    sequence_number: int | None = None
    state: Mapping[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        return not self.reason

    @property
    def alias_missing(self) -> bool:
        """Whether the index does not exist, or is not behind the alias that we write to."""
        return self.reason.startswith("index_not_found_exception")


def scripted_upsert(index: str, document_id: str, script: dict[str, Any]) -> DocumentWrite:
    """A write that runs `script` on a document, or on an empty one if it does not exist."""
    body = {"script": script, "scripted_upsert": True, "upsert": {}, "_source": STATE_FIELDS}
    return DocumentWrite("update", index, document_id, body)


def send_documents(client: OpenSearch, writes: Sequence[DocumentWrite]) -> list[WriteResult]:
    """Send `writes`; one result each, in order.

    Raises:
        ClusterUnavailable: OpenSearch did not answer; some of the writes may have been done.
    """
    results: list[WriteResult] = [WriteResult(0, "not sent")] * len(writes)
    pending = list(range(len(writes)))
    for attempt in range(ATTEMPTS):
        if not pending:
            break
        if attempt:
            time.sleep(0.05 * 2**attempt)
        body = [line for i in pending for line in writes[i].lines]
        try:
            response = client.bulk(body=body)
        except OpenSearchException as error:
            raise cluster_unavailable(error, "keep events or queries") from error
        for i, item in zip(pending, response["items"], strict=True):
            results[i] = _result(writes[i], item)
        pending = [i for i in pending if _is_temporary(writes[i], results[i])]
    return results


def _is_temporary(write: DocumentWrite, result: WriteResult) -> bool:
    if result.done or result.status not in RETRIED_STATUSES or write.version is not None:
        return False
    return result.reason.split(":")[0] not in LASTING


def _result(write: DocumentWrite, item: dict[str, Any]) -> WriteResult:
    outcome = item[write.kind]
    status = int(outcome["status"])
    if "error" not in outcome or (write.kind == "create" and status == 409):
        return WriteResult(  # 409 on create: the document exists already
            status,
            outcome=outcome.get("result", ""),
            sequence_number=outcome.get("_seq_no"),
            state=outcome.get("get", {}).get("_source", {}),
        )
    error = outcome["error"]
    deeper = error.get("caused_by", {}).get("reason", "")
    reason = f"{error['type']}: {error['reason']} {deeper}".strip()
    return WriteResult(status, reason, _cause(error["type"], reason))


def _cause(error_type: str, reason: str) -> Cause:
    if any(words in reason for words in _DISK_FULL):
        return "disk"
    return "event" if error_type in _OF_THE_DOCUMENT else "cluster"
