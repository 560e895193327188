"""Rows of ubi_events and ubi_queries, in the form of User Behavior Insights 1.3.

https://o19s.github.io/ubi/ - what analytics tools, dashboards and learning-to-rank read.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from query_service.sessions.documents import digest
from query_service.user.visitor import Event, PastQuery

APPLICATION = "live-intent"
EVENT_FIELDS = frozenset({
    "application", "action_name", "query_id", "session_id", "client_id", "user_id", "user_query",
    "timestamp", "message_type", "message", "event_attributes",
})  # fmt: skip


def event_row_id(session_id: str, event_id: str) -> str:
    """The same event sent twice is one row; ids of other sessions can't touch it."""
    return digest("event", session_id, event_id)


def query_row_id(session_id: str, query_id: str) -> str:
    """A query that is written twice is one row."""
    return digest("query", session_id, query_id)


def iso_time(seconds: float) -> str:
    """Seconds since 1970 as `2026-11-24T10:15:00.000Z`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event_row(
    event: Event,
    *,
    user_id: str = "",
    client_id: str = "",
    received: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The ubi_events row of an event.

    `received` is the UBI event as the client sent it, where it sent one: its own fields stay, and
    ours only fill what is missing, but for session, user and time, by which rows are found again.
    Top-level fields that UBI does not have go below `event_attributes.extra`.
    """
    row: dict[str, Any] = {"application": APPLICATION, "action_name": event.action}
    attributes: dict[str, Any] = {"object": {"object_id": event.item_id}}
    if event.title:
        attributes["object"]["description"] = event.title
    if event.position is not None:
        attributes["position"] = {"ordinal": event.position}
    if event.watched_fraction is not None:
        attributes["watched_fraction"] = event.watched_fraction
    if event.text:
        row |= {"message_type": "COMMENT", "message": event.text}
    row |= {"query_id": event.query_id, "client_id": client_id, "event_attributes": attributes}
    if received:
        known = {name: value for name, value in received.items() if value not in (None, "")}
        extra = {name: known.pop(name) for name in list(known) if name not in EVENT_FIELDS}
        row |= known
        if extra:
            row["event_attributes"] = {**row["event_attributes"], "extra": extra}
    row |= {
        "session_id": event.session_id,
        "user_id": user_id,
        "timestamp": iso_time(event.timestamp),
    }
    return {name: value for name, value in row.items() if value not in (None, "")}


def query_row(
    query: PastQuery,
    *,
    query_id: str,
    user_id: str = "",
    client_id: str = "",
    attributes: Mapping[str, Any] | None = None,
    hit_ids: Sequence[str] = (),
) -> dict[str, Any]:
    """The ubi_queries row of a query, with the ids of the hits it was answered with, best first."""
    row = {
        "application": APPLICATION,
        "query_id": query_id,
        "session_id": query.session_id,
        "user_id": user_id,
        "client_id": client_id,
        "user_query": query.query_text,
        "query_attributes": dict(attributes or {}),
        "object_id_field": "item_id",
        "query_response_hit_ids": list(hit_ids),
        "timestamp": iso_time(query.timestamp),
    }
    return {name: value for name, value in row.items() if value not in ("", {}, [])}
