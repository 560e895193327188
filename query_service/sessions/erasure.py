"""A visitor's rights over their data: export, deletion, and expiry."""

import time
from dataclasses import astuple, dataclass, replace
from operator import add
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException
from opensearchpy.helpers import scan

from plugin_config.client import cluster_unavailable
from plugin_config.errors import LiveIntentError
from plugin_config.ownership import refuse_foreign_stores
from plugin_config.schema import IndexNames
from query_service.sessions.document_writes import DocumentWrite, send_documents
from query_service.sessions.documents import (
    DAY_MS,
    document_id,
    now_ms,
    without_vectors,
)
from query_service.sessions.scripts import FORGET, painless

ROWS_SHOWN = 1000
DELETE_ATTEMPTS = 5
FORGET_BATCH = 100


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

    def __init__(self, client: OpenSearch, names: IndexNames) -> None:
        self._client = client
        self._names = names

    def export(self, session_id: str) -> dict[str, Any]:
        """Everything stored about a session; of vectors only their lengths.

        Raises:
            SessionUnknown: nothing is stored about it.
            ClusterUnavailable: OpenSearch did not answer.
        """
        of_session: dict[str, Any] = {"term": {"session_id": session_id}}
        try:
            self._refresh()
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
            ClusterUnavailable: OpenSearch did not answer; delete again to be sure.
        """
        of_session: dict[str, Any] = {"term": {"session_id": session_id}}
        try:
            refuse_foreign_stores(self._client, self._names)
            self._refresh()
            users = self._forget(_of_kind("user", of_session), session_id=session_id)
            own = {"ids": {"values": [document_id("session", session_id)]}}
            sessions = self._delete_by_query(self._names.sessions, own)
            return Deleted(sessions, users) + self._delete_ubi_rows(of_session)
        except OpenSearchException as error:
            raise cluster_unavailable(error, "delete the session") from error

    def delete_user(self, user_id: str) -> Deleted:
        """Delete a user permanently: the user's document, all their sessions, all UBI rows.

        Raises:
            ForeignIndex: one of the indexes was not made by us; nothing is deleted.
            ClusterUnavailable: OpenSearch did not answer; delete again to be sure.
        """
        of_user: dict[str, Any] = {"term": {"user_id": user_id}}
        user_document = document_id("user", user_id)
        try:
            refuse_foreign_stores(self._client, self._names)
            self._refresh()
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
            self._delete_by_query(self._names.sessions, {"ids": {"values": [user_document]}})
            deleted += self._delete_ubi_rows(of_user)
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
            refuse_foreign_stores(self._client, self._names)
            self._refresh()
            sessions, users = (
                self._delete_by_query(self._names.sessions, _of_kind(kind, older("updated_at")))
                for kind in ("session", "user")
            )
            self._forget(older("started_at"), oldest=oldest)
            return Deleted(sessions, users) + self._delete_ubi_rows(older("timestamp"))
        except OpenSearchException as error:
            raise cluster_unavailable(error, "purge sessions") from error

    def _refresh(self) -> None:
        indexes = [self._names.sessions, self._names.ubi_queries, self._names.ubi_events]
        self._client.indices.refresh(index=",".join(indexes), ignore_unavailable=True)

    def _read(self, doc_id: str) -> dict[str, Any]:
        response = self._client.mget(body={"ids": [doc_id]}, index=self._names.sessions)
        document: dict[str, Any] = response["docs"][0]
        return document

    def _forget(self, query: dict[str, Any], *, session_id: str = "", oldest: int = 0) -> int:
        """Run the script FORGET on all documents that match `query`; return how many there were."""
        script = painless(FORGET, session_id=session_id, oldest=oldest, now=now_ms())
        hits = scan(
            self._client,
            index=self._names.sessions,
            query={"query": query, "_source": False},
            ignore_unavailable=True,
        )
        writes = [
            DocumentWrite("update", self._names.sessions, hit["_id"], {"script": script})
            for hit in hits
        ]
        count = 0
        for start in range(0, len(writes), FORGET_BATCH):
            for result in send_documents(self._client, writes[start : start + FORGET_BATCH]):
                if not result.done and result.status != 404:
                    raise LiveIntentError(f"not all could be erased: {result.reason}. Try again.")
                count += result.done
        return count

    def _delete_ubi_rows(self, query: dict[str, Any]) -> Deleted:
        return Deleted(
            ubi_queries=self._delete_by_query(self._names.ubi_queries, query),
            ubi_events=self._delete_by_query(self._names.ubi_events, query),
        )

    def _delete_by_query(self, index: str, query: dict[str, Any]) -> int:
        """Delete what matches `query`; search again if documents changed in the meantime."""
        deleted = 0
        for attempt in range(DELETE_ATTEMPTS):
            response = self._client.delete_by_query(
                index=index,
                body={"query": query},
                conflicts="proceed",
                refresh=True,
                ignore_unavailable=True,
                request_timeout=120,
            )
            if response["failures"]:
                raise LiveIntentError(f"not all of {index} could be erased. Try again.")
            deleted += int(response["deleted"])
            if not response["version_conflicts"]:
                return deleted
            time.sleep(0.05 * 2**attempt)
        raise LiveIntentError(f"{index} keeps changing while rows are erased from it. Try again.")


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
