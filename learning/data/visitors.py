"""Visitors built from histories, as the service would have stored them event by event."""

import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from learning.data.behaviour import STEP_S, PastEvent
from query_service.sessions.documents import KnownItem
from query_service.user.visitor import Event, Visitor

Vectors = NDArray[np.float32]


class Visitors:
    """Looks visitors up by session id; a session without a history has no events."""

    def __init__(
        self,
        histories: Mapping[str, Sequence[PastEvent]],
        known: Mapping[str, KnownItem],
        texts: Mapping[str, Vectors] | None = None,
        *,
        max_events: int = 100,
    ) -> None:
        """`histories` by session id, oldest first; `known`: what an event keeps of its item.

        `texts`: embeddings float32 [D] of the texts that users wrote. Only the newest `max_events`
        events of a history count.
        """
        self._histories = histories
        self._known = known
        self._texts = texts or {}
        self._max_events = max_events

    def visitor(self, session_id: str, user_id: str = "") -> Visitor:
        """The visitor whose last event is a minute ago, all events in one session.

        Timestamps keep their distances; events without timestamps are a minute apart.
        """
        history = self._histories.get(session_id, ())[-self._max_events :]
        now = time.time()
        events = tuple(
            self._event(event, now - age, session_id)
            for event, age in zip(history, _ages(history), strict=True)
        )
        return Visitor(session_id, user_id, events)

    def _event(self, past: PastEvent, timestamp: float, session_id: str) -> Event:
        item = self._known.get(past.item_id, KnownItem())
        return Event(
            action=past.action,
            item_id=past.item_id,
            timestamp=timestamp,
            session_id=session_id,
            title=item.title,
            features=item.features,
            vector=item.vector,
            vector_space=item.vector_space,
            text=past.text,
            text_vector=self._texts.get(past.text) if past.text else None,
        )


def _ages(events: Sequence[PastEvent]) -> list[float]:
    """Seconds since each event, the last of them one step ago."""
    timestamps = [event.timestamp for event in events if event.timestamp is not None]
    if timestamps and len(timestamps) == len(events):
        return [timestamps[-1] - timestamp + STEP_S for timestamp in timestamps]
    return [(len(events) - row) * STEP_S for row in range(len(events))]
