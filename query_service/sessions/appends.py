"""Events and queries of one batch, grouped by the document that they are appended to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from query_service.sessions.document_writes import DocumentWrite, scripted_upsert
from query_service.sessions.documents import document_id
from query_service.sessions.limits import SessionLimits
from query_service.sessions.scripts import APPEND, painless

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class BatchRow:
    """What happened at `timestamp` (ms since 1970), in the forms in which it is kept.

    `event` and `query` are for the documents of session and user: one of them, or neither.
    """

    session_id: str
    user_id: str
    timestamp: int
    ubi: DocumentWrite
    event: dict[str, Any] | None = None
    query: dict[str, Any] | None = None


@dataclass
class Append:
    """Rows for one document: stored events and queries, with their indexes in the batch."""

    kind: str  # "session" or "user"
    user_id: str = ""
    user_at: int = -1  # ms: when the newest row of the user happened
    events: Rows = field(default_factory=list)
    queries: Rows = field(default_factory=list)
    batch_indexes: list[int] = field(default_factory=list)


def appends_of(rows: Sequence[BatchRow]) -> dict[str, Append]:
    """What is appended to the document of each session and each known user, by document id."""
    appends: dict[str, Append] = {}
    for index, row in enumerate(rows):
        if row.event is None and row.query is None:
            continue
        owner = {"user_id": row.user_id} if row.user_id else {}
        for kind, name in (("session", row.session_id), ("user", row.user_id)):
            if not name:
                continue
            append = appends.setdefault(document_id(kind, name), Append(kind))
            if row.user_id and row.timestamp >= append.user_at:
                append.user_id, append.user_at = row.user_id, row.timestamp
            append.batch_indexes.append(index)
            if row.event is not None:
                append.events.append(row.event | owner)
            if row.query is not None:
                append.queries.append(row.query | owner)
    return appends


def upserts(
    appends: Mapping[str, Append], index: str, limits: SessionLimits, now: int
) -> list[DocumentWrite]:
    """One scripted upsert per document, in the order of `appends`. `now`: ms since 1970."""
    writes = []
    for append_id, append in appends.items():
        max_events, max_queries = limits.max_rows(append.kind)
        script = painless(
            APPEND,
            kind=append.kind,
            user_id=append.user_id,
            user_at=append.user_at,
            events=_newest(append.events, max_events),
            queries=_newest(append.queries, max_queries),
            max_events=max_events,
            max_queries=max_queries,
            oldest=limits.oldest(now),
            now=now,
        )
        writes.append(scripted_upsert(index, append_id, script))
    return writes


def _newest(rows: Rows, count: int) -> Rows:
    return sorted(rows, key=lambda row: int(row["timestamp"]))[-count:] if count else []
