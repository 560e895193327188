"""What visitors may ask of what is kept of them: to see it, move it, restrict it, erase it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.connection.client import cluster_unavailable
from plugin_config.ownership import ForeignIndex
from plugin_config.schema import IndexNames
from query_service.privacy.consent import Consent
from query_service.privacy.pseudonyms import Pseudonyms
from query_service.sessions.documents import now_ms
from query_service.sessions.erasure.erasure import Deleted, SessionErasure, summed
from query_service.sessions.erasure.removal import NotErased
from query_service.sessions.limits import SessionLimits
from query_service.sessions.rights.consents import NotLearned, SessionConsents
from query_service.sessions.rights.joins import Joined, SessionJoins, SplitOff
from query_service.sessions.rights.query_removal import QueryRemoval, RemovedQuery
from query_service.sessions.rights.renewal import PseudonymRenewal
from query_service.sessions.rights.session_export import SessionExport, SessionUnknown
from query_service.sessions.rights.stored_names import StoredNames
from query_service.sessions.rights.user_export import UserExport
from query_service.sessions.store_writer import StoreWriter
from query_service.sessions.stores import refresh_stores


class VisitorRights(ABC):
    """Of one set of indexes; ids are as visitors have them, not as they are stored."""

    write_interval_s: float  # that a query waits at the longest, in any process

    def __init__(
        self, client: OpenSearch, names: IndexNames, limits: SessionLimits, pseudonyms: Pseudonyms
    ) -> None:
        self.client, self.names, self.limits = client, names, limits
        self.refusal = ""  # why nothing may be written: an index is another application's
        self.writer = writer = StoreWriter(client, names)
        self.stored_names = StoredNames(client, names, pseudonyms)
        self._export = SessionExport(client, names, limits)
        self._user_export = UserExport(client, names, limits)
        self._erasure = SessionErasure(client, names, writer, limits)
        self._joins = SessionJoins(client, names, writer, limits)
        self._consents = SessionConsents(client, names, writer, pseudonyms)
        self._query_removal = QueryRemoval(client, names, writer)

    @abstractmethod
    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all that is queued is written; False after `timeout_s`."""

    @abstractmethod
    def settle(self) -> None:
        """Wait until all that is queued is written, in the other processes of the service, too."""

    def export(self, session_id: str) -> dict[str, Any]:
        """Everything stored about a session, see `SessionExport.export`."""
        self.settle()
        *earlier, last = self.stored_names.of(session_id)
        for name in earlier:
            with suppress(SessionUnknown):
                return self._export.export(name) | {"session_id": session_id}
        return self._export.export(last) | {"session_id": session_id}

    def export_user(self, user_id: str) -> dict[str, Any]:
        """Everything stored about a user, see `UserExport.export`."""
        self.settle()
        names = self.stored_names.pseudonyms.names(user_id)
        return {"user_id": user_id} | self._user_export.export(names)

    def names_of_user(self, user_id: str) -> list[str]:
        """Every name of the user and of their sessions. Raises ClusterUnavailable."""
        names = self.stored_names.pseudonyms.names(user_id)
        try:
            refresh_stores(self.client, self.names)
            return [*names, *self._user_export.session_ids(names)]
        except OpenSearchException as error:
            raise cluster_unavailable(error, "read the user") from error

    def join(self, session_id: str, user_id: str) -> Joined:
        """Give an anonymous session to a user, see `SessionJoins.join`."""
        self._check_ours()
        self.settle()
        of = self.stored_names.pseudonyms.of
        return self._joins.join(of(session_id), of(user_id))

    def split(self, session_id: str) -> SplitOff:
        """Take a session from its user, see `SessionJoins.split`."""
        self.settle()
        return summed(self._joins.split(name) for name in self.stored_names.of(session_id))

    def set_consent(self, session_id: str, consent: Consent) -> NotLearned:
        """Keep what a session agrees to from now on, see `SessionConsents.set`."""
        self._check_ours()
        self.settle()
        return self._consents.set(session_id, consent)

    def delete(self, session_id: str) -> Deleted:
        """Remove a session permanently, see `SessionErasure.delete`."""
        self.flush()
        return summed(self._erasure.delete(name) for name in self.stored_names.of(session_id))

    def remove_query(self, session_id: str, query_text: str) -> RemovedQuery:
        """Remove one query of a visitor, see `QueryRemoval.remove`."""
        self.flush()
        # Other processes may have it in their queues: written later, it would be there again.
        time.sleep(2 * self.write_interval_s)
        names = self.stored_names.of(session_id)
        return summed(self._query_removal.remove(name, query_text) for name in names)

    def delete_user(self, user_id: str) -> Deleted:
        """Remove a user and all their sessions, see `SessionErasure.delete_user`."""
        self.flush()
        names, until = self.names_of_user(user_id), now_ms()
        deleted = summed(self._erasure.delete_user(name) for name in self.stored_names.of(user_id))
        if left := self.left_of(names, until):
            raise NotErased(f"{left} documents of the user are still there. Erase again.")
        return deleted

    def left_of(self, names: Sequence[str], until: int) -> int:
        """How many documents from before `until` (ms) a search finds under these names.

        Raises ClusterUnavailable.
        """
        try:
            refresh_stores(self.client, self.names)
            return self.stored_names.documents_of(names, until)
        except OpenSearchException as error:
            raise cluster_unavailable(error, "look for what is left") from error

    def renew_pseudonyms(self) -> dict[str, int]:
        """Rename what is stored to what it is under the newest key, see `PseudonymRenewal.run`."""
        self.flush()
        ids = self.stored_names.pseudonyms
        return dict(PseudonymRenewal(self.client, self.names, self.writer, self.limits, ids).run())

    def _check_ours(self) -> None:
        if self.refusal:
            raise ForeignIndex(self.refusal)
