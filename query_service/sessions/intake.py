"""From an event as a client sent it to an event as it is stored, and its outcome."""

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from plugin_config.errors import LiveIntentError
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.sessions.document_writes import Cause, WriteResult
from query_service.sessions.documents import KnownItem, digest, milliseconds
from query_service.sessions.limits import DAY_MS, SessionLimits
from query_service.user.visitor import Event

logger = logging.getLogger(__name__)
Encode = Callable[[Sequence[str]], NDArray[np.float32]]
# A client's clock that is ahead by less is corrected without a note.
CLOCK_SLACK_MS = 60_000
# What an event is written to: its name for the log, and the note for the client if that fails.
_TARGETS = {
    "session": ("the session's document", "not kept"),
    "user": ("the user's document", "not in the user's history"),
    "ubi": ("ubi_events", "not in ubi_events"),
    "row": ("ubi_events", "not kept"),  # of an event that is kept there alone
}
_PLAIN: dict[Cause, str] = {
    "disk": "the cluster's disk is full",
    "cluster": "the cluster does not take it now",
}


@dataclass(frozen=True)
class EventOutcome:
    """Whether one event was accepted; `reason` says what the client should know, "" if nothing.

    `cause`: why it is rejected; "" if it is accepted.
    """

    status: Literal["accepted", "accepted_unknown_item", "rejected"]
    event_id: str
    reason: str = ""
    cause: Cause = ""


def event_with_item(
    received: ReceivedEvent, item: KnownItem | None, text: NDArray[np.float32] | None, now: int
) -> tuple[Event, str]:
    """The event to store, and a note for the client, "" if there is none.

    `text` is e(received.text), float32 [D]. `now` is in ms since 1970; a later timestamp becomes
    `now`.
    """
    timestamp, note = now / 1000, ""
    if received.timestamp is not None:
        ahead_ms = received.timestamp * 1000 - now
        timestamp = min(received.timestamp, timestamp)
        if ahead_ms > CLOCK_SLACK_MS:
            note = f"timestamp: {ahead_ms / 1000:.0f} s in the future, taken as now"
    item = item or KnownItem()
    event = Event(
        action=received.action,
        item_id=received.item_id,
        timestamp=timestamp,
        session_id=received.session_id,
        title=item.title,
        features=tuple(item.features),
        vector=item.vector,
        vector_space=item.vector_space,
        text=received.text,
        text_vector=text,
        watched_fraction=received.watched_fraction,
        query_id=received.query_id,
        position=received.position,
    )
    return event, note


def too_old(timestamp: float | None, limits: SessionLimits, now: int) -> str:
    """What is wrong with the time (s since 1970) of what is older than what is kept; "" if nothing.

    `now`: ms since 1970.
    """
    kept_days = max(limits.ttl_days, limits.kept_events, limits.kept_queries)
    if timestamp is None or milliseconds(timestamp) >= now - kept_days * DAY_MS:
        return ""
    days = (now / 1000 - timestamp) * 1000 / DAY_MS
    return (
        f"{days:.0f} days ago, and what visitors do is kept for {kept_days:g} days: send a "
        "later time, or raise LIVE_INTENT_SESSION_TTL_DAYS"
    )


def event_id_of(received: ReceivedEvent) -> str:
    """The client's event id; else a digest of the event if it has a timestamp; else a random id."""
    if received.event_id:
        return received.event_id
    if received.timestamp is None:
        return uuid.uuid4().hex
    return digest(
        received.action,
        received.item_id,
        received.timestamp,
        received.query_id,
        received.position,
        received.watched_fraction,
        received.text,
    )


def text_vectors(texts: Sequence[str], encode: Encode | None) -> dict[str, NDArray[np.float32]]:
    """e(text) of each text that is not blank, float32 [D]; empty if `encode` fails."""
    distinct = sorted({text for text in texts if text.strip()})
    if not distinct or encode is None:
        return {}
    try:
        return dict(zip(distinct, encode(distinct), strict=True))
    except (LiveIntentError, RuntimeError, ValueError):
        # Losing the vectors of comments is better than losing the events.
        logger.exception("texts of %d events are kept without vectors", len(distinct))
        return {}


def after_write(outcome: EventOutcome, target: str, result: WriteResult) -> EventOutcome:
    """The outcome after one of the event's writes: unchanged if that succeeded.

    `target` is a key of `_TARGETS`; "session" comes first. If the write to it or to "row" failed,
    the event is rejected; a failure of the others is a note.
    """
    if result.done or outcome.status == "rejected":  # its reason is said already
        return outcome
    where, note = _TARGETS[target]
    logger.warning("an event is not in %s: %s", where, result.reason)
    note = f"{note}: {_PLAIN.get(result.cause, result.reason)}"
    if target in ("session", "row"):
        return replace(outcome, status="rejected", reason=note, cause=result.cause)
    return replace(outcome, reason=f"{outcome.reason}; {note}" if outcome.reason else note)
