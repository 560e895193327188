"""The learned bundles that read a visitor who is erased."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from indexer.bundle.learned_from import LearnedParts, bundles_of
from query_service.sessions.erasure.erasure import Deleted
from query_service.sessions.rights.stored_names import StoredNames


class VisitorErasure(Protocol):
    """What `SessionStore` has."""

    stored_names: StoredNames

    def names_of_user(self, user_id: str) -> list[str]: ...
    def delete(self, session_id: str) -> Deleted: ...
    def delete_user(self, user_id: str) -> Deleted: ...


class LearnedBundles:
    """Those in some folders, and right below them."""

    def __init__(self, store: VisitorErasure, folders: Sequence[Path]) -> None:
        self._store = store
        self._folders = folders

    @classmethod
    def beside(cls, store: VisitorErasure, bundle: Path | None) -> "LearnedBundles":
        """Those in the folder of this one; none without one."""
        return cls(store, [bundle.absolute().parent] if bundle else [])

    def erase_session(self, session_id: str) -> tuple[Deleted, list[LearnedParts]]:
        """Erase a session; the bundles that learned from it."""
        names = self._store.stored_names.pseudonyms.names(session_id)
        return self._erased(session_id, names, self._store.delete)

    def erase_user(self, user_id: str) -> tuple[Deleted, list[LearnedParts]]:
        """Erase a user with all sessions; the bundles that learned from any of them."""
        names = self._store.names_of_user(user_id)
        return self._erased(user_id, names, self._store.delete_user)

    def _erased(
        self, visitor_id: str, names: Sequence[str], erase: Callable[[str], Deleted]
    ) -> tuple[Deleted, list[LearnedParts]]:
        deleted = erase(visitor_id)
        keys = self._store.stored_names.pseudonyms.secrets
        return deleted, bundles_of(self._folders, [visitor_id, *names], keys)
