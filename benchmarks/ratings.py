"""MovieLens ratings as visits: what was rated early in one, and what late."""

import gzip
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

GAP_S = 30 * 60
SHORTEST = 6  # events of a session that is kept
MOST_SESSIONS = 5  # of one user: a few users have hundreds
LIKED, DISLIKED = 4.0, 2.0  # ratings from which, and up to which
WANTED = 3.5  # a late item of at least this rating is one that should have been recommended


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


@dataclass(frozen=True)
class RatedSession:
    """One session, cut in half: `early` is what the service sees, `wanted` what it should find."""

    user_id: str
    early: tuple[Rating, ...]
    wanted: frozenset[str]


def read_ratings(path: Path) -> list[Rating]:
    """All ratings, in the file's order."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = (json.loads(line) for line in lines)
        return [
            Rating(r["user_id"], r["item_id"], float(r["rating"]), float(r["timestamp"]))
            for r in rows
        ]


def sessions(ratings: Iterable[Rating]) -> list[RatedSession]:
    """Sessions of at least six ratings, a gap of more than 30 minutes between them.

    The later half of a session is to be predicted from the earlier one. Ratings of one second are
    ordered by a hash, so that the file's order (which is by item id) tells nothing. Sessions
    without a wanted item in the later half are left out, and so are a user's sixth and later ones.
    """
    by_user: dict[str, list[Rating]] = defaultdict(list)
    for rating in ratings:
        by_user[rating.user_id].append(rating)
    found: list[RatedSession] = []
    for user_id, of_user in by_user.items():
        kept = 0
        for session in split_at_gaps(of_user):
            if len(session) < SHORTEST or kept == MOST_SESSIONS:
                continue
            middle = len(session) // 2
            early, late = session[:middle], session[middle:]
            wanted = frozenset(each.item_id for each in late if each.rating >= WANTED)
            wanted -= {each.item_id for each in early}
            if wanted:
                kept += 1
                found.append(RatedSession(user_id, tuple(early), wanted))
    return found


def split_at_gaps(of_user: Sequence[Rating]) -> list[list[Rating]]:
    """One user's ratings as sessions, in the order of time."""
    result: list[list[Rating]] = []
    for rating in sorted(of_user, key=lambda each: (each.timestamp, _shuffled(each))):
        if result and rating.timestamp - result[-1][-1].timestamp <= GAP_S:
            result[-1].append(rating)
        else:
            result.append([rating])
    return result


def popularity(ratings: Iterable[Rating]) -> Counter[str]:
    """How often each item was rated."""
    return Counter(rating.item_id for rating in ratings)


def _shuffled(rating: Rating) -> str:
    return hashlib.sha256(f"{rating.user_id} {rating.item_id}".encode()).hexdigest()
