"""Which users are evaluated, and which ones popularity may be counted from: never the same."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from learning.data.behaviour import read_user_ids
from learning.data.splits import in_split, split_of
from learning.data.tables import DatasetError


@dataclass(frozen=True)
class Users:
    """A choice of users: those of a split, in one file and not in another, up to a limit.

    `only` None: all users; `limit` 0: no limit.
    """

    split: str = "all"
    only: frozenset[str] | None = None
    without: frozenset[str] = frozenset()
    limit: int = 0

    @classmethod
    def read(
        cls, split: str, users_from: Path | None, users_not_in: Path | None, limit: int
    ) -> "Users":
        """The choice that the options describe. Raises DatasetError for a file without users."""
        only = None if users_from is None else read_user_ids(users_from)
        without = frozenset() if users_not_in is None else read_user_ids(users_not_in)
        return cls(split, only, without, limit)

    def asked(self, user_ids: Iterable[str]) -> frozenset[str]:
        """The users of `user_ids` to evaluate; with a limit the first by a hash of their ids.

        Raises DatasetError when none is left.
        """
        known = frozenset(user_ids)
        chosen = sorted(filter(self._is_chosen, known), key=_hash)
        if not chosen:
            raise DatasetError(
                f"none of the {len(known)} users is left: see --split, --users-from and "
                "--users-not-in"
            )
        return frozenset(chosen[: self.limit or None])

    def for_statistics(self, user_ids: Iterable[str], evaluated: frozenset[str]) -> Sequence[str]:
        """The users of `user_ids` whose behaviour statistics may count.

        Never the evaluated users, nor those of the files --users-from and --users-not-in. With
        --split, users of the training split only. Raises DatasetError when none is left.
        """
        apart = evaluated | self.without | (self.only or frozenset())
        counted = [user_id for user_id in user_ids if user_id not in apart]
        if self.split != "all":
            counted = [user_id for user_id in counted if split_of(user_id) == "train"]
        if not counted:
            raise DatasetError(
                "no user is left to count popularity from, for each is asked or kept apart: "
                "choose fewer by --split, --users or --users-from"
            )
        return counted

    def _is_chosen(self, user_id: str) -> bool:
        if user_id in self.without or (self.only is not None and user_id not in self.only):
            return False
        return in_split(user_id, self.split)


def _hash(user_id: str) -> str:
    return hashlib.sha256(user_id.encode()).hexdigest()
