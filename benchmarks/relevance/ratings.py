"""MovieLens ratings: by user in time order, and as sessions cut in half."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.datasets import read

GAP_S = 30 * 60
FEWEST_RATINGS = 6  # of a session
MOST_SESSIONS = 5  # of one user: a few users have hundreds
LIKED, DISLIKED = 4.0, 2.0  # at least, and at most
RELEVANT = 3.5  # a later item of at least this rating should have been recommended


@dataclass(frozen=True)
class Rating:
    """A user's rating of an item, 0.5 to 5, at a time in seconds since 1970."""

    user_id: str
    item_id: str
    rating: float
    timestamp: float

    @property
    def action(self) -> str:
        """The rating as one of the service's actions."""
        if self.rating >= LIKED:
            return "like"
        return "dislike" if self.rating <= DISLIKED else "view"

    @property
    def event(self) -> dict[str, Any]:
        """The rating as an event of a history."""
        return {"item_id": self.item_id, "action": self.action, "timestamp": self.timestamp}


@dataclass(frozen=True)
class RatedSession:
    """A session: `early` is recorded, `targets` of its later half are to be recommended."""

    user_id: str
    early: tuple[Rating, ...]
    targets: frozenset[str]


def read_ratings(path: Path) -> list[Rating]:
    """Return all ratings, in the file's order."""
    return [
        Rating(row["user_id"], row["item_id"], float(row["rating"]), float(row["timestamp"]))
        for row in read(path)
    ]


def by_user(ratings: Iterable[Rating]) -> dict[str, list[Rating]]:
    """Return each user's ratings, oldest first, and in the order of a hash within a second."""
    users: dict[str, list[Rating]] = defaultdict(list)
    for rating in sorted(ratings, key=lambda each: (each.timestamp, digest(each.item_id))):
        users[rating.user_id].append(rating)
    return users


def sessions(ratings: Iterable[Rating]) -> list[RatedSession]:
    """Return sessions of at least six ratings, separated by gaps of more than 30 minutes.

    The later half of a session is to be predicted from the earlier one. A session without a
    relevant new item in its later half is left out, and so are a user's sixth and later ones.
    """
    users: dict[str, list[Rating]] = defaultdict(list)
    for rating in ratings:
        users[rating.user_id].append(rating)
    result: list[RatedSession] = []
    for user_id, rated in users.items():
        count = 0
        for session in split_at_gaps(rated):
            if len(session) < FEWEST_RATINGS or count == MOST_SESSIONS:
                continue
            middle = len(session) // 2
            early, late = session[:middle], session[middle:]
            targets = frozenset(each.item_id for each in late if each.rating >= RELEVANT)
            targets -= {each.item_id for each in early}
            if targets:
                count += 1
                result.append(RatedSession(user_id, tuple(early), targets))
    return result


def split_at_gaps(rated: Sequence[Rating]) -> list[list[Rating]]:
    """Return one user's ratings as sessions, oldest first.

    A hash orders the ratings of one second: the file's order, by item id, gives the later half
    away.
    """

    def order(rating: Rating) -> tuple[float, str]:
        return rating.timestamp, digest(f"{rating.user_id} {rating.item_id}")

    result: list[list[Rating]] = []
    for rating in sorted(rated, key=order):
        if result and rating.timestamp - result[-1][-1].timestamp <= GAP_S:
            result[-1].append(rating)
        else:
            result.append([rating])
    return result


def digest(text: str) -> str:
    """Return the SHA-256 of a text, which orders and draws the same way in every run."""
    return hashlib.sha256(text.encode()).hexdigest()
