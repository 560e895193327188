"""Events and queries of one batch, grouped by the document that they are appended to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from query_service.sessions.document_writes import DocumentWrite, scripted_upsert
from query_service.sessions.documents import SessionLimits, document_id
from query_service.sessions.scripts import APPEND, painless

Rows = list[dict[str, Any]]


@dataclass
class Append:
    """Rows for one document: stored events and queries, with their indexes in the batch."""

    kind: str  # "session" or "user"
    user_id: str
    events: Rows = field(default_factory=list)
    queries: Rows = field(default_factory=list)
    batch_indexes: list[int] = field(default_factory=list)


def add_row(
    appends: dict[str, Append],
    batch_index: int,
    session_id: str,
    user_id: str,
    *,
    event: dict[str, Any] | None = None,
    query: dict[str, Any] | None = None,
) -> None:
    """Add a stored event or query to the session's document and, if known, the user's.

    `appends` maps document ids to their rows and is changed in place.
    """
    for kind, name in (("session", session_id), ("user", user_id)):
        if not name:
            continue
        append = appends.setdefault(document_id(kind, name), Append(kind, user_id))
        append.user_id = user_id or append.user_id
        append.batch_indexes.append(batch_index)
        if event is not None:
            append.events.append(event)
        if query is not None:
            append.queries.append(query)


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
