"""What a batch of events or queries adds to the documents of sessions and users."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from query_service.sessions.document_writes import DocumentWrite, scripted_upsert
from query_service.sessions.documents import (
    SessionLimits,
    session_document_id,
    user_document_id,
)
from query_service.sessions.scripts import append_script

Rows = list[dict[str, Any]]


@dataclass
class Append:
    """What one document gets: the stored forms, and whose they are (places in the batch)."""

    kind: str
    user_id: str
    events: Rows = field(default_factory=list)
    queries: Rows = field(default_factory=list)
    places: list[int] = field(default_factory=list)


def gather(
    appends: dict[str, Append],
    place: int,
    session_id: str,
    user_id: str,
    *,
    event: dict[str, Any] | None = None,
    query: dict[str, Any] | None = None,
) -> None:
    """Note what the session's document gets, and the user's."""
    targets = [("session", session_document_id(session_id))]
    if user_id:
        targets.append(("user", user_document_id(user_id)))
    for kind, document_id in targets:
        append = appends.setdefault(document_id, Append(kind, user_id))
        append.user_id = user_id or append.user_id
        append.places.append(place)
        if event is not None:
            append.events.append(event)
        if query is not None:
            append.queries.append(query)


def upserts(
    appends: Mapping[str, Append], index: str, limits: SessionLimits, now: int
) -> list[DocumentWrite]:
    """One scripted update per document."""
    writes = []
    for document_id, append in appends.items():
        max_events, max_queries = limits.of(append.kind)
        script = append_script(
            kind=append.kind,
            user_id=append.user_id,
            events=_newest(append.events, max_events),
            queries=_newest(append.queries, max_queries),
            max_events=max_events,
            max_queries=max_queries,
            oldest=limits.oldest(now),
            now=now,
        )
        writes.append(scripted_upsert(index, document_id, script))
    return writes


def _newest(rows: Rows, count: int) -> Rows:
    return sorted(rows, key=lambda row: int(row["timestamp"]))[-count:] if count else []
