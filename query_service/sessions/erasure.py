"""A visitor's rights over their data: export, deletion, and expiry."""

from dataclasses import astuple, dataclass, replace
from operator import add
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException
from opensearchpy.helpers import scan

from plugin_config.client import cluster_unavailable
from plugin_config.errors import LiveIntentError
from plugin_config.schema import IndexNames
from query_service.sessions.documents import (
    DAY_MS,
    document_id,
    now_ms,
    without_vectors,
)
from query_service.sessions.removal import DocumentRemoval
from query_service.sessions.store_writer import StoreWriter

ROWS_SHOWN = 1000


class SessionUnknown(LiveIntentError):
    """Nothing is kept under this session id."""

    exit_code = 4


@dataclass(frozen=True)
class Deleted:
    """Counts of a deletion. `users` are users' documents that were changed or removed."""

    sessions: int = 0
    users: int = 0
    ubi_queries: int = 0
    ubi_events: int = 0

    @property
    def anything(self) -> bool:
        return any(astuple(self))

    def __add__(self, other: "Deleted") -> "Deleted":
        return Deleted(*map(add, astuple(self), astuple(other)))


class SessionErasure:
    """Reads and deletes all data of a session or a user, whichever process wrote it."""

    def __init__(self, client: OpenSearch, names: IndexNames, writer: StoreWriter) -> None:
        self._client = client
        self._names = names
        self._removal = DocumentRemoval(client, names, writer)

    def export(self, session_id: str) -> dict[str, Any]:
        """Everything stored about a session; of vectors only their lengths.

        Raises:
            SessionUnknown: nothing is stored about it.
            ClusterUnavailable: OpenSearch did not answer.
        """
        of_session: dict[str, Any] = {"term": {"session_id": session_id}}
        try:
            self._removal.refresh()
            document = self._read(document_id("session", session_id)).get("_source")
            queries, events = (
                self._client.search(
                    index=index,
                    body={"query": of_session, "sort": ["timestamp"], "track_total_hits": True},
                    size=ROWS_SHOWN,
                    ignore_unavailable=True,
                )["hits"]
                for index in (self._names.ubi_queries, self._names.ubi_events)
            )
            users = self._client.search(
                index=self._names.sessions,
                body={"query": _of_kind("user", of_session), "track_total_hits": True},
                size=0,
                ignore_unavailable=True,
            )["hits"]["total"]["value"]
        except OpenSearchException as error:
            raise cluster_unavailable(error, "read the session") from error
        if document is None and not queries["hits"] and not events["hits"] and not users:
            raise SessionUnknown("nothing is kept under this session_id")
        return {
            "session_id": session_id,
            "session": _readable(document) if document else None,
            "user_documents": users,
            "ubi_queries": _rows(queries),
            "ubi_events": _rows(events),
        }

    def delete(self, session_id: str) -> Deleted:
        """Delete a session permanently: its document, its rows in users' documents, its UBI rows.

        Vectors derived from the session are stored in these documents only.

        Raises:
            ForeignIndex: one of the indexes was not made by us; nothing is deleted.
            NotErased: an index takes no changes, or something is still there.
            ClusterUnavailable: OpenSearch did not answer; delete again to be sure.
        """
        of_session: dict[str, Any] = {"term": {"session_id": session_id}}
        own = document_id("session", session_id)
        try:
            self._removal.check_stores()
            self._removal.refresh()
            user_id = self._read(own).get("_source", {}).get("user_id", "")
            users = self._removal.forget(
                _of_kind("user", of_session),
                also=[document_id("user", user_id)] if user_id else [],
                session_id=session_id,
            )
            sessions = self._removal.delete_all(self._names.sessions, {"ids": {"values": [own]}})
            deleted = Deleted(sessions, users) + self._delete_ubi_rows(of_session)
            self._removal.check_erased(of_session)
        except OpenSearchException as error:
            raise cluster_unavailable(error, "delete the session") from error
        return deleted

    def delete_user(self, user_id: str) -> Deleted:
        """Delete a user permanently: the user's document, all their sessions, all UBI rows.

        Raises:
            ForeignIndex: one of the indexes was not made by us; nothing is deleted.
            NotErased: an index takes no changes, or something is still there.
            ClusterUnavailable: OpenSearch did not answer; delete again to be sure.
        """
        of_user: dict[str, Any] = {"term": {"user_id": user_id}}
        user_document = document_id("user", user_id)
        try:
            self._removal.check_stores()
            self._removal.refresh()
            document = self._read(user_document)
            session_ids = set(document.get("_source", {}).get("session_id", ()))
            for hit in scan(
                self._client,
                index=self._names.sessions,
                query={"query": of_user, "_source": ["session_id"]},
                ignore_unavailable=True,
            ):
                session_ids.update(hit["_source"].get("session_id", ()))
            deleted = Deleted()
            for session_id in sorted(session_ids):
                deleted += self.delete(session_id)
            self._removal.delete_all(self._names.sessions, {"ids": {"values": [user_document]}})
            deleted += self._delete_ubi_rows(of_user)
            self._removal.check_erased(of_user)
            return replace(deleted, users=max(deleted.users, int(bool(document.get("found")))))
        except OpenSearchException as error:
            raise cluster_unavailable(error, "delete the user") from error

    def purge(self, older_than_days: float) -> Deleted:
        """Delete what is older: documents not updated since, and older rows in the others.

        An event's or query's age counts from its receipt, a UBI row's from its own timestamp.

        Raises:
            ForeignIndex: one of the indexes was not made by us; nothing is deleted.
            ClusterUnavailable: OpenSearch did not answer; purge again.
        """
        oldest = now_ms() - round(older_than_days * DAY_MS)

        def older(field: str) -> dict[str, Any]:
            return {"range": {field: {"lt": oldest, "format": "epoch_millis"}}}

        try:
            self._removal.check_stores()
            self._removal.refresh()
            sessions, users = (
                self._removal.delete_all(self._names.sessions, _of_kind(kind, older("updated_at")))
                for kind in ("session", "user")
            )
            self._removal.forget(older("started_at"), oldest=oldest)
            return Deleted(sessions, users) + self._delete_ubi_rows(older("timestamp"))
        except OpenSearchException as error:
            raise cluster_unavailable(error, "purge sessions") from error

    def _read(self, doc_id: str) -> dict[str, Any]:
        response = self._client.mget(body={"ids": [doc_id]}, index=self._names.sessions)
        document: dict[str, Any] = response["docs"][0]
        return document

    def _delete_ubi_rows(self, query: dict[str, Any]) -> Deleted:
        return Deleted(
            ubi_queries=self._removal.delete_all(self._names.ubi_queries, query),
            ubi_events=self._removal.delete_all(self._names.ubi_events, query),
        )


def _of_kind(kind: str, query: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"filter": [{"term": {"kind": kind}}, query]}}


def _readable(document: dict[str, Any]) -> dict[str, Any]:
    lists = {
        name: [without_vectors(row) for row in document.get(name) or ()]
        for name in ("events", "queries")
    }
    return document | lists


def _rows(hits: dict[str, Any]) -> dict[str, Any]:
    return {"count": hits["total"]["value"], "rows": [hit["_source"] for hit in hits["hits"]]}
