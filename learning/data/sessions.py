"""Visits to learn the user model from: steps of each user, oldest first, as arrays."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.data.behaviour import PastEvent, Sequences, VisitRow
from learning.data.splits import split_of
from learning.data.ubi_log import UbiLog
from query_service.user import actions
from query_service.user.session_steps import QUERY

STEP_S = 60.0  # between events without times, as an evaluation places them
MOST_VALIDATION = 2000  # users; an interval of a few thousandths, and the others can teach
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Session:
    """One user's steps. `item` int64 [n]: row in the catalogue, -1 for a query; `kind` int64 [n]:
    place in ACTIONS, or QUERY; `time` float64 [n], seconds; `query` int64 [n]: row in the query
    texts, -1 for an event.
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
        """Place of the last step that is an event on an item."""
        return int(np.flatnonzero(self.item >= 0)[-1])

    def before(self, end: int) -> "Session":
        """The first `end` steps."""
        cut = slice(0, end)
        return Session(
            self.user_id, self.item[cut], self.kind[cut], self.time[cut], self.query[cut]
        )

    def pieces(self, most: int) -> list["Session"]:
        """Cut into pieces of at most `most` steps, counted from the end; each begins with the last
        step of the one before it, so that every step but the first is predicted once.
        """
        found = []
        end = len(self)
        while end > 1:
            found.append(self.before(end).newest(most))
            end -= most - 1
        return found[::-1]

    def newest(self, most: int) -> "Session":
        """The last `most` steps."""
        cut = slice(max(len(self) - most, 0), None)
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
    steps: dict[str, list[tuple[float, int, int, int]]] = defaultdict(list)
    for place, shown in enumerate(log.impressions):
        when = float(place) if shown.timestamp is None else shown.timestamp
        found = steps[shown.session_id or shown.query_id]
        if shown.query_text:
            found.append((when, -1, QUERY, texts.setdefault(shown.query_text, len(texts))))
        done = [("click", each.item_id, each.timestamp or when) for each in shown.clicks]
        done += [(action, item_id, when) for action, item_id in shown.actions]
        for action, item_id, moment in done:
            if item_id not in rows:
                log.remarks.add("its item is not among the items", item_id[:60], "event")
            elif action in actions.ACTIONS:
                kind = actions.ACTIONS.index(action)
                found.append((max(moment, when), rows[item_id], kind, -1))
    sessions = []
    for session_id, told in steps.items():
        ordered = sorted(told, key=lambda step: step[0])
        item, kind, query = np.array([step[1:] for step in ordered], dtype=np.int64).T
        time = np.array([step[0] for step in ordered], dtype=np.float64)
        sessions.append(Session(session_id, item, kind, time, query))
    return [s for s in sessions if (s.item >= 0).sum() >= 2], list(texts)


def without_last(sessions: Iterable[Session]) -> list[Session]:
    """Each without its last event: the re-ranker is trained, and all is validated, on that."""
    found = [session.before(session.last_event) for session in sessions]
    return [session for session in found if (session.item >= 0).sum() >= 2]


def up_to_last(sessions: Iterable[Session]) -> list[Session]:
    """Each up to its last event on an item, which is the target of a validation."""
    found = [session.before(session.last_event + 1) for session in sessions]
    return [session for session in found if (session.item >= 0).sum() >= 2]


def divided(
    users: Iterable[str], test_apart: bool, most: int = MOST_VALIDATION
) -> tuple[list[str], list[str]]:
    """Users to train on, and at most `most` of the validation split to stop by.

    `test_apart`: the caller keeps a test of its own users; else the test split is left out.
    """
    ordered = sorted(users, key=lambda user: hashlib.sha256(user.encode()).digest())
    held = [user for user in ordered if split_of(user) == "validation"][:most]
    kept = frozenset(held)
    train = [
        user for user in ordered if user not in kept and (test_apart or split_of(user) != "test")
    ]
    return train, held


def _session(user_id: str, events: Sequence[PastEvent], rows: Mapping[str, int]) -> Session:
    item = np.array([rows[event.item_id] for event in events], dtype=np.int64)
    kind = np.array([actions.ACTIONS.index(e.action) for e in events], dtype=np.int64)
    times = [event.timestamp for event in events]
    known = [moment for moment in times if moment is not None]
    if len(known) == len(events):
        time = np.array(known, dtype=np.float64)
    else:
        time = np.arange(len(events), dtype=np.float64) * STEP_S
    none = np.full(len(events), -1, dtype=np.int64)
    return Session(user_id, item, kind, time, none)
