"""A visitor: a session and, when known, the user behind it, with their events and queries."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from query_service.privacy.consent import Consent


@dataclass(frozen=True)
class Event:
    """One action on one item. `vector` is the item's vector g_i, float32 [dims], or None."""

    action: str
    item_id: str
    timestamp: float  # seconds since 1970, UTC
    session_id: str
    title: str = ""
    features: tuple[str, ...] = ()  # attribute features of the item, the input of D_a
    vector: NDArray[np.float32] | None = None
    vector_space: str = ""  # the space of `vector`, see `ModelBundle.vector_space`
    text: str = ""  # a comment that the visitor wrote
    text_vector: NDArray[np.float32] | None = None  # e(text), float32 [D]
    watched_fraction: float | None = None  # 0 to 1
    query_id: str = ""
    position: int | None = None  # 1-based rank at which the item was shown


@dataclass(frozen=True)
class PastQuery:
    """One earlier query. `vector` is e(query_text), float32 [D], or None."""

    query_text: str
    timestamp: float
    session_id: str
    query_id: str = ""
    vector: NDArray[np.float32] | None = None
    fingerprint: str = ""  # of the encoder that made `vector`
    typed: bool = False  # sent with each key: one that goes on with it replaces it


@dataclass(frozen=True)
class Visitor:
    """Events and queries, oldest first: this session's and, for a known user, earlier sessions'.

    `consent`: the session's choice; None where it made none.
    """

    session_id: str
    user_id: str = ""
    events: tuple[Event, ...] = ()
    queries: tuple[PastQuery, ...] = ()
    consent: Consent | None = None

    def event_kind(self, index: int) -> Literal["event", "user_history"]:
        """Whether an event is of this session ("event") or an earlier one ("user_history")."""
        own = self.events[index].session_id == self.session_id
        return "event" if own else "user_history"
