"""One `_bulk` of writes, each with its own result; what was only refused for now is sent again."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.client import cluster_unavailable

ATTEMPTS = 3
# A conflict is another process that wrote to the same session in between.
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
    """What became of one write; `reason` is "" when it is done."""

    status: int
    reason: str = ""

    @property
    def done(self) -> bool:
        return not self.reason


def scripted_upsert(index: str, document_id: str, script: dict[str, Any]) -> DocumentWrite:
    """A write that changes a document by `script`, beginning with an empty one if there is none."""
    body = {"script": script, "scripted_upsert": True, "upsert": {}}
    return DocumentWrite("update", index, document_id, body)


def send_documents(client: OpenSearch, writes: Sequence[DocumentWrite]) -> list[WriteResult]:
    """Do `writes` and tell for each what became of it.

    Raises:
        ClusterUnavailable: OpenSearch did not answer; some of the writes may have been done.
    """
    results: list[WriteResult] = [WriteResult(0, "not sent")] * len(writes)
    left = list(range(len(writes)))
    for attempt in range(ATTEMPTS):
        if not left:
            break
        if attempt:
            time.sleep(0.05 * 2**attempt)
        lines: list[dict[str, Any]] = []
        for number in left:
            lines += [writes[number].header, writes[number].body]
        try:
            answer = client.bulk(body=lines)
        except OpenSearchException as error:
            raise cluster_unavailable(error, "keep events or queries") from error
        for number, item in zip(left, answer["items"], strict=True):
            results[number] = _result(writes[number], item)
        left = [n for n in left if results[n].status in RETRIED_STATUSES and not results[n].done]
    return results


def _result(write: DocumentWrite, item: dict[str, Any]) -> WriteResult:
    outcome = item[write.kind]
    status = int(outcome["status"])
    if "error" not in outcome or (write.kind == "create" and status == 409):
        return WriteResult(status)  # 409 on create: it is there already
    error = outcome["error"]
    cause = error.get("caused_by", {}).get("reason", "")
    return WriteResult(status, f"{error['type']}: {error['reason']} {cause}".strip())
