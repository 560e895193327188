"""Rows of ubi_events and ubi_queries, in the form of User Behavior Insights 1.3.

https://o19s.github.io/ubi/ - analytics tools, dashboards and learning-to-rank read this form.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from query_service.privacy.consent import Consent
from query_service.sessions.documents import digest
from query_service.user.visitor import Event, PastQuery

APPLICATION = "live-intent"
EVENT_FIELDS = frozenset({
    "application", "action_name", "query_id", "session_id", "client_id", "user_id", "user_query",
    "timestamp", "message_type", "message", "event_attributes",
})  # fmt: skip


def event_row_id(session_id: str, event_id: str) -> str:
    """Row id: an event sent twice is one row, and no event id of another session meets it."""
    return digest("event", session_id, event_id)


def query_row_id(session_id: str, query_id: str) -> str:
    """Row id: a query that is written twice is one row."""
    return digest("query", session_id, query_id)


def learn_field(consent: Consent) -> dict[str, bool]:
    """The field of a row that nothing is learned from; of any other none."""
    return {} if consent.learn else {"learn": False}


def iso_time(seconds: float) -> str:
    """Seconds since 1970 as `2026-11-24T10:15:00.000Z`."""
    utc = datetime.fromtimestamp(seconds, UTC)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event_row(
    event: Event,
    *,
    user_id: str = "",
    client_id: str = "",
    received: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The ubi_events row of an event.

    `received` is the UBI event if the client sent one. Its fields stay, and `event` only fills the
    missing ones. Session, user, client and time are never those of `received`: deletion and expiry
    search them.
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
    row |= {"query_id": event.query_id, "event_attributes": attributes}
    if received:
        fields = {name: value for name, value in received.items() if value not in (None, "")}
        extra = {name: fields.pop(name) for name in list(fields) if name not in EVENT_FIELDS}
        row |= fields
        if extra:
            row["event_attributes"] = {**row["event_attributes"], "extra": extra}
    row |= {
        "session_id": event.session_id,
        "user_id": user_id,
        "client_id": client_id,
        "timestamp": iso_time(event.timestamp),
    }
    return {name: value for name, value in row.items() if value not in (None, "")}


def query_row(
    query: PastQuery,
    *,
    user_id: str = "",
    client_id: str = "",
    attributes: Mapping[str, Any] | None = None,
    hit_ids: Sequence[str] = (),
    answer: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The ubi_queries row of a query; `hit_ids` are the item ids of its response, best first.

    `answer`: what this service says of its own answer, see `answer_fields`.
    """
    row = {
        "application": APPLICATION,
        "query_id": query.query_id,
        "session_id": query.session_id,
        "user_id": user_id,
        "client_id": client_id,
        "user_query": query.query_text,
        "query_attributes": dict(attributes or {}),
        "object_id_field": "item_id",
        "query_response_hit_ids": list(hit_ids),
        "timestamp": iso_time(query.timestamp),
        "answer": dict(answer or {}),
    }
    return {name: value for name, value in row.items() if value not in ("", {}, [])}
