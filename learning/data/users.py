"""Whose behaviour is asked, and from whose popularity may be counted: never the same users."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from learning.data.behaviour import read_user_ids
from learning.data.splits import in_split, split_of
from learning.data.tables import DatasetError


@dataclass(frozen=True)
class Users:
    """A choice of users: of a split, in one file and not in another, and at most so many.

    `only` None: all; `most` 0: no limit.
    """

    split: str = "all"
    only: frozenset[str] | None = None
    without: frozenset[str] = frozenset()
    most: int = 0

    @classmethod
    def read(
        cls, split: str, users_from: Path | None, users_not_in: Path | None, most: int
    ) -> "Users":
        """The choice that the options tell of. Raises DatasetError for a file without users."""
        only = None if users_from is None else read_user_ids(users_from)
        without = frozenset() if users_not_in is None else read_user_ids(users_not_in)
        return cls(split, only, without, most)

    def asked(self, user_ids: Iterable[str]) -> frozenset[str]:
        """The chosen ones among `user_ids`; with a limit the first by a hash of their ids.

        Raises DatasetError when none is left.
        """
        given = frozenset(user_ids)
        chosen = sorted(filter(self._meant, given), key=_hash)
        if not chosen:
            raise DatasetError(
                f"none of the {len(given)} users is left: see --split, --users-from and "
                "--users-not-in"
            )
        return frozenset(chosen[: self.most or None])

    def teaching(self, user_ids: Iterable[str], asked: frozenset[str]) -> Sequence[str]:
        """Those from whom statistics may be counted: neither asked nor kept apart.

        With --split only users of the training split; without it all but the asked ones and
        those of the files --users-from and --users-not-in. Raises DatasetError when none is left.
        """
        apart = asked | self.without | (self.only or frozenset())
        found = [user_id for user_id in user_ids if user_id not in apart]
        if self.split != "all":
            found = [user_id for user_id in found if split_of(user_id) == "train"]
        if not found:
            raise DatasetError(
                "no user is left to count popularity from, for each is asked or kept apart: "
                "choose fewer by --split, --users or --users-from"
            )
        return found

    def _meant(self, user_id: str) -> bool:
        if user_id in self.without or (self.only is not None and user_id not in self.only):
            return False
        return in_split(user_id, self.split)


def _hash(user_id: str) -> str:
    return hashlib.sha256(user_id.encode()).hexdigest()
