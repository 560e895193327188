"""Visits to learn the user model from: the steps of each user, oldest first, as arrays."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.data.behaviour import STEP_S, PastEvent, Sequences, VisitRow
from learning.data.splits import split_of
from learning.data.ubi_log import UbiLog
from query_service.user import actions
from query_service.user.session_steps import QUERY

MOST_VALIDATION = 2000  # users: an interval of a few thousandths, and the others can teach
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Session:
    """One user's steps.

    `item` int64 [n]: row in the catalogue, -1 for a query; `kind` int64 [n]: index in ACTIONS, or
    QUERY; `time` float64 [n], seconds; `query` int64 [n]: row in the query texts, -1 for an event.
    """

    user_id: str
    item: Ints
    kind: Ints
    time: NDArray[np.float64]
    query: Ints

    def __len__(self) -> int:
        return len(self.item)

    @property
    def last_event(self) -> int:
        """Index of the last step that is an event on an item."""
        return int(np.flatnonzero(self.item >= 0)[-1])

    def before(self, end: int) -> "Session":
        """The first `end` steps."""
        return self._steps(slice(0, end))

    def newest(self, most: int) -> "Session":
        """The last `most` steps."""
        return self._steps(slice(max(len(self) - most, 0), None))

    def pieces(self, most: int) -> list["Session"]:
        """Pieces of at most `most` steps, counted from the end; each begins with the last step of
        the one before it, so that every step but the first is predicted once.
        """
        ends = range(len(self), 1, 1 - most)
        return [self.before(end).newest(most) for end in ends][::-1]

    def _steps(self, cut: slice) -> "Session":
        return Session(
            self.user_id, self.item[cut], self.kind[cut], self.time[cut], self.query[cut]
        )


def from_sequences(
    sequences: Sequences, rows: Mapping[str, int], users: Iterable[str]
) -> list[Session]:
    """Sessions of clicks, a minute apart; `rows` gives an item's row in the catalogue."""
    return [
        _session(user, [PastEvent(item) for item in sequences.item_ids[user]], rows)
        for user in users
    ]


def from_rows(
    visits: Sequence[VisitRow], rows: Mapping[str, int], users: Iterable[str]
) -> list[Session]:
    """A session per row: its history and then, as a click, its target."""
    chosen = frozenset(users)
    return [
        _session(visit.user_id, [*visit.history, PastEvent(visit.target)], rows)
        for visit in visits
        if visit.user_id in chosen
    ]


def from_log(log: UbiLog, rows: Mapping[str, int]) -> tuple[list[Session], list[str]]:
    """Sessions of a UBI log with their queries as steps, and the texts of these queries.

    Clicks and actions on items that are not in the catalogue are counted in the log's remarks.
    """
    texts: dict[str, int] = {}
    by_session: dict[str, list[tuple[float, int, int, int]]] = defaultdict(list)
    for row, shown in enumerate(log.impressions):
        time = float(row) if shown.timestamp is None else shown.timestamp
        steps = by_session[shown.session_id or shown.query_id]
        if shown.query_text:
            steps.append((time, -1, QUERY, texts.setdefault(shown.query_text, len(texts))))
        events = [("click", click.item_id, click.timestamp or time) for click in shown.clicks]
        events += [(action, item_id, time) for action, item_id in shown.actions]
        for action, item_id, event_time in events:
            if item_id not in rows:
                log.remarks.add("its item is not among the items", item_id[:60], "event")
            elif action in actions.ACTIONS:
                kind = actions.ACTIONS.index(action)
                steps.append((max(event_time, time), rows[item_id], kind, -1))
    sessions = []
    for session_id, steps in by_session.items():
        ordered = sorted(steps, key=lambda step: step[0])
        item, kind, query = np.array([step[1:] for step in ordered], dtype=np.int64).T
        times = np.array([step[0] for step in ordered], dtype=np.float64)
        sessions.append(Session(session_id, item, kind, times, query))
    return _with_history(sessions), list(texts)


def without_last(sessions: Iterable[Session]) -> list[Session]:
    """Each without its last event: the re-ranker is trained, and all is validated, on that."""
    return _with_history(session.before(session.last_event) for session in sessions)


def up_to_last(sessions: Iterable[Session]) -> list[Session]:
    """Each up to its last event on an item, which is the target of a validation."""
    return _with_history(session.before(session.last_event + 1) for session in sessions)


def split_users(
    users: Iterable[str], test_apart: bool, most: int = MOST_VALIDATION
) -> tuple[list[str], list[str]]:
    """Users to train on, and at most `most` of the validation split for early stopping.

    `test_apart`: the caller has a test set of its own; else the test split is left out.
    """
    ordered = sorted(users, key=lambda user: hashlib.sha256(user.encode()).digest())
    validation = [user for user in ordered if split_of(user) == "validation"][:most]
    left_out = frozenset(validation)
    train = [
        user
        for user in ordered
        if user not in left_out and (test_apart or split_of(user) != "test")
    ]
    return train, validation


def _with_history(sessions: Iterable[Session]) -> list[Session]:
    """The sessions with two events on items or more: one to predict, and one before it."""
    return [session for session in sessions if (session.item >= 0).sum() >= 2]


def _session(user_id: str, events: Sequence[PastEvent], rows: Mapping[str, int]) -> Session:
    item = np.array([rows[event.item_id] for event in events], dtype=np.int64)
    kind = np.array([actions.ACTIONS.index(e.action) for e in events], dtype=np.int64)
    timestamps = [event.timestamp for event in events if event.timestamp is not None]
    if len(timestamps) == len(events):
        time = np.array(timestamps, dtype=np.float64)
    else:
        time = np.arange(len(events), dtype=np.float64) * STEP_S
    no_query = np.full(len(events), -1, dtype=np.int64)
    return Session(user_id, item, kind, time, no_query)
