"""One `_bulk` of writes, each with its own result; temporary failures are retried."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.client import cluster_unavailable

ATTEMPTS = 3
# 409: another process wrote to the same session in between.
RETRIED_STATUSES = frozenset({409, 429, 502, 503, 504})
CONFLICT_RETRIES = 50


@dataclass(frozen=True)
class DocumentWrite:
    """One action of a `_bulk`: `kind` is update, create or index."""

    kind: str
    index: str
    document_id: str
    body: dict[str, Any]

    @property
    def header(self) -> dict[str, Any]:
        target: dict[str, Any] = {"_index": self.index, "_id": self.document_id}
        if self.kind == "update":
            target["retry_on_conflict"] = CONFLICT_RETRIES
        return {self.kind: target}


@dataclass(frozen=True)
class WriteResult:
    """HTTP status of one write; `reason` says why it failed, "" if it succeeded."""

    status: int
    reason: str = ""

    @property
    def done(self) -> bool:
        return not self.reason


def scripted_upsert(index: str, document_id: str, script: dict[str, Any]) -> DocumentWrite:
    """A write that runs `script` on a document, or on an empty one if it does not exist."""
    body = {"script": script, "scripted_upsert": True, "upsert": {}}
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
        body = [line for i in pending for line in (writes[i].header, writes[i].body)]
        try:
            response = client.bulk(body=body)
        except OpenSearchException as error:
            raise cluster_unavailable(error, "keep events or queries") from error
        for i, item in zip(pending, response["items"], strict=True):
            results[i] = _result(writes[i], item)
        pending = [
            i for i in pending if results[i].status in RETRIED_STATUSES and results[i].reason
        ]
    return results


def _result(write: DocumentWrite, item: dict[str, Any]) -> WriteResult:
    outcome = item[write.kind]
    status = int(outcome["status"])
    if "error" not in outcome or (write.kind == "create" and status == 409):
        return WriteResult(status)  # 409 on create: the document exists already
    error = outcome["error"]
    cause = error.get("caused_by", {}).get("reason", "")
    return WriteResult(status, f"{error['type']}: {error['reason']} {cause}".strip())
