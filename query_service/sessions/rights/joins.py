"""An anonymous session joins its user, and can be taken apart again."""

from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.connection.client import cluster_unavailable
from plugin_config.ownership import refuse_foreign_stores
from plugin_config.schema import IndexNames
from query_service.sessions.appends import Append, upserts
from query_service.sessions.document_writes import DocumentWrite, scripted_upsert
from query_service.sessions.documents import document_id, now_ms
from query_service.sessions.erasure.document_states import DocumentState
from query_service.sessions.erasure.removal import DocumentRemoval, NotErased
from query_service.sessions.limits import SessionLimits
from query_service.sessions.scripts import JOINED, SPLIT, WITHOUT_USER, painless
from query_service.sessions.store_writer import StoreWriter

COPY_ATTEMPTS = 5


@dataclass(frozen=True)
class Joined:
    """How many events and queries of a session are its user's."""

    events: int = 0
    queries: int = 0


@dataclass(frozen=True)
class SplitOff:
    """Users' documents that were changed or removed, and rows of UBI that have no user now."""

    users: int = 0
    ubi_queries: int = 0
    ubi_events: int = 0


class SessionJoins:
    """Joins and splits sessions and users of one set of indexes."""

    def __init__(
        self, client: OpenSearch, names: IndexNames, writer: StoreWriter, limits: SessionLimits
    ) -> None:
        self._client, self._names, self._limits = client, names, limits
        self._writer = writer
        self._removal = DocumentRemoval(client, names, writer)
        self._alias = IndexNames.writing(names.sessions)

    def join(self, session_id: str, user_id: str) -> Joined:
        """Give the session's rows that belong to nobody to the user; later ones name theirs.

        Raises NotErased, ForeignIndex, ClusterUnavailable: join again.
        """
        now = now_ms()
        append = Append("session", user_id, user_at=now)
        own = document_id("session", session_id)
        try:
            refuse_foreign_stores(self._client, self._names)
            [result] = self._writer.send(upserts({own: append}, self._alias, self._limits, now))
            if not result.done:
                raise NotJoined(f"the session is not joined: {result.reason}. Try again.")
            return self.copy(session_id)
        except OpenSearchException as error:
            raise cluster_unavailable(error, "join the session") from error

    def copy(self, session_id: str) -> Joined:
        """Append the rows of the session's user to the user's document, and say that it is done.

        Raises OpenSearchException, ClusterUnavailable, NotJoined.
        """
        own = document_id("session", session_id)
        for _ in range(COPY_ATTEMPTS):
            document = self._document(own)
            source = document.get("_source", {})
            state = DocumentState.of(source)
            events, queries = (
                [row for row in source.get(name) or () if row.get("user_id") == state.user_id]
                for name in ("events", "queries")
            )
            if not state.user_id or not state.joining:
                return Joined(len(events), len(queries)) if state.user_id else Joined()
            times = [row["timestamp"] for row in (*events, *queries)]
            append = Append("user", state.user_id, max(times, default=-1), events, queries)
            user = document_id("user", state.user_id)
            writes = upserts({user: append}, self._alias, self._limits, now_ms())
            done = DocumentWrite(
                "update",
                self._alias,
                own,
                {"script": painless(JOINED, user_id=state.user_id)},
                version=(document["_seq_no"], document["_primary_term"]),
            )
            [copied] = self._writer.send(writes)
            if copied.done and self._writer.send([done])[0].done:
                return Joined(len(events), len(queries))
            # The session changed meanwhile: it may be erased, or another's, or have more rows.
            self._take_back(session_id, own, state)
        raise NotJoined("the session keeps changing while it is joined. Try again.")

    def split(self, session_id: str) -> SplitOff:
        """Take the session from its user: what happened until now is the session's alone.

        Raises NotErased, ForeignIndex, ClusterUnavailable: split again to be sure.
        """
        now = now_ms()
        own = document_id("session", session_id)
        of_session: dict[str, Any] = {"term": {"session_id": session_id}}
        try:
            self._removal.check_stores()
            self._removal.refresh()
            source = self._document(own).get("_source", {})
            until = max(now, self._removal.newest(source, of_session))
            [result] = self._writer.send(
                [scripted_upsert(self._alias, own, painless(SPLIT, until=until, now=now))]
            )
            if not result.done:
                raise NotErased(f"the session is not split off: {result.reason}. Try again.")
            self._removal.refresh()
            users = self._removal.forget(
                {"bool": {"filter": [{"term": {"kind": "user"}}, of_session]}},
                session_id=session_id,
                until=until,
            )
            known = {"bool": {"filter": [of_session, {"exists": {"field": "user_id"}},
                                         {"range": {"timestamp": {"lte": until}}}]}}  # fmt: skip
            script = painless(WITHOUT_USER)
            queries, events = (
                self._removal.update_all(index, known, script)
                for index in (self._names.ubi_queries, self._names.ubi_events)
            )
            return SplitOff(users, queries, events)
        except OpenSearchException as error:
            raise cluster_unavailable(error, "split the session") from error

    def _take_back(self, session_id: str, own: str, copied: DocumentState) -> None:
        """Remove the copied rows from the user where they are not the user's any more."""
        now = DocumentState.of(self._document(own).get("_source", {}))
        until = max(now.erased_at, now.split_at)
        if until > max(copied.erased_at, copied.split_at):
            user = document_id("user", copied.user_id)
            self._removal.forget_in([user], session_id=session_id, until=until)

    def _document(self, id_: str) -> dict[str, Any]:
        response = self._client.mget(body={"ids": [id_]}, index=self._names.sessions)
        document: dict[str, Any] = response["docs"][0]
        return document


class NotJoined(NotErased):
    """A session could not be joined to its user."""

    plain = "The session could not be joined right now."
