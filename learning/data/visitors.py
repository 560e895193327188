"""Visitors made from histories, as the service would have kept them of its events."""

import time
from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from learning.data.behaviour import PastEvent
from query_service.sessions.documents import KnownItem
from query_service.user.visitor import Event, Visitor

STEP_S = 60.0  # between events without times
Vectors = NDArray[np.float32]


class Visitors:
    """Looks visitors up by their session id; one of whom no history is kept is unknown."""

    def __init__(
        self,
        histories: Mapping[str, Sequence[PastEvent]],
        known: Mapping[str, KnownItem],
        texts: Mapping[str, Vectors] | None = None,
        *,
        most_events: int = 100,
    ) -> None:
        """`histories` by session id, oldest first; `known`: what an event keeps of its item.

        `texts`: embeddings float32 [D] of the texts written. The newest `most_events` are kept.
        """
        self._histories = histories
        self._known = known
        self._texts = texts or {}
        self._most = most_events

    def visitor(self, session_id: str, user_id: str = "") -> Visitor:
        """The visitor whose last event is a minute ago, all events of one session.

        Times keep their distances; without times the events are a minute apart.
        """
        kept = self._histories.get(session_id, ())[-self._most :]
        now = time.time()
        events = tuple(
            self._event(event, now - age, session_id)
            for event, age in zip(kept, _ages(kept), strict=True)
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


def chunks(ids: Sequence[str], size: int = 500) -> list[list[str]]:
    """The ids in lists of at most `size`, for requests that name them."""
    rest = iter(ids)
    found = []
    while part := list(islice(rest, size)):
        found.append(part)
    return found


def _ages(events: Sequence[PastEvent]) -> list[float]:
    """Seconds since each event, the last of them one step ago."""
    times = [event.timestamp for event in events if event.timestamp is not None]
    if times and len(times) == len(events):
        return [times[-1] - moment + STEP_S for moment in times]
    return [(len(events) - place) * STEP_S for place in range(len(events))]
