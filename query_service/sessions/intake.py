"""An event as a client sent it, on its way to an event as it is kept, and what became of it."""

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from plugin_config.errors import LiveIntentError
from query_service.schemas.events import ReceivedEvent
from query_service.sessions.document_writes import WriteResult
from query_service.sessions.documents import KnownItem, digest
from query_service.user.visitor import Event

logger = logging.getLogger(__name__)
Encode = Callable[[Sequence[str]], NDArray[np.float32]]
# A clock that is ahead by less is put right without a word.
CLOCK_SLACK_MS = 60_000


@dataclass(frozen=True)
class EventOutcome:
    """What became of one event; `reason` says what a client should know, "" if nothing."""

    status: Literal["accepted", "accepted_unknown_item", "rejected"]
    event_id: str
    reason: str = ""


def kept_event(
    given: ReceivedEvent, item: KnownItem | None, text: NDArray[np.float32] | None, now: int
) -> tuple[Event, str]:
    """The event as it is kept, and what to tell the client about it."""
    timestamp, note = now / 1000, ""
    if given.timestamp is not None:
        ahead_ms = given.timestamp * 1000 - now
        timestamp = min(given.timestamp, timestamp)
        if ahead_ms > CLOCK_SLACK_MS:
            note = f"timestamp: {ahead_ms / 1000:.0f} s in the future, taken as now"
    item = item or KnownItem()
    event = Event(
        action=given.action,
        item_id=given.item_id,
        timestamp=timestamp,
        session_id=given.session_id,
        title=item.title,
        features=tuple(item.features),
        vector=item.vector,
        vector_space=item.vector_space,
        text=given.text,
        text_vector=text,
        watched_fraction=given.watched_fraction,
        query_id=given.query_id,
        position=given.position,
    )
    return event, note


def event_id_of(given: ReceivedEvent) -> str:
    """The client's id; else one made of the event, if the client gave its time; else a new one."""
    if given.event_id:
        return given.event_id
    if given.timestamp is None:
        return uuid.uuid4().hex
    return digest(
        given.action,
        given.item_id,
        given.timestamp,
        given.query_id,
        given.position,
        given.watched_fraction,
        given.text,
    )


def text_vectors(texts: Sequence[str], encode: Encode | None) -> dict[str, NDArray[np.float32]]:
    """e(text) of each text that is not empty, float32 [D]."""
    wanted = sorted({text for text in texts if text.strip()})
    if not wanted or encode is None:
        return {}
    try:
        return dict(zip(wanted, encode(wanted), strict=True))
    except (LiveIntentError, RuntimeError, ValueError):
        # The events matter more than what their comments mean.
        logger.exception("texts of %d events are kept without vectors", len(wanted))
        return {}


def noted(outcome: EventOutcome, note: str) -> EventOutcome:
    return replace(outcome, reason="; ".join(filter(None, (outcome.reason, note))))


def after_append(outcome: EventOutcome, kind: str, result: WriteResult) -> EventOutcome:
    """The outcome, knowing what became of a document the event went to."""
    if result.done:
        return outcome
    logger.warning("an event is not in the %s's document: %s", kind, result.reason)
    if kind == "session":
        return replace(outcome, status="rejected", reason=f"not kept: {result.reason}")
    return noted(outcome, f"not in the user's history: {result.reason}")
