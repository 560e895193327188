"""A visitor's rights over their data: export, deletion, and expiry."""

import time
from collections.abc import Sequence
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
from query_service.sessions.document_writes import DocumentWrite, WriteResult
from query_service.sessions.documents import (
    DAY_MS,
    document_id,
    now_ms,
    without_vectors,
)
from query_service.sessions.scripts import FORGET, painless
from query_service.sessions.store_writer import StoreWriter
from query_service.sessions.stores import MISSING, problems_text, store_problems

ROWS_SHOWN = 1000
DELETE_ATTEMPTS = 5
BATCH = 500  # documents of a `_bulk`


class SessionUnknown(LiveIntentError):
    """Nothing is kept under this session id."""

    exit_code = 4


class NotErased(LiveIntentError):
    """Something that was to be erased is still there, or may be."""

    plain = "Not everything could be erased right now."


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
        self._writer = writer

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
            NotErased: an index takes no changes, or something is still there.
            ClusterUnavailable: OpenSearch did not answer; delete again to be sure.
        """
        of_session: dict[str, Any] = {"term": {"session_id": session_id}}
        own = document_id("session", session_id)
        try:
            self._check_stores()
            self._refresh()
            user_id = self._read(own).get("_source", {}).get("user_id", "")
            users = self._forget(
                _of_kind("user", of_session),
                also=[document_id("user", user_id)] if user_id else [],
                session_id=session_id,
            )
            sessions = self._delete_all(self._names.sessions, {"ids": {"values": [own]}})
            deleted = Deleted(sessions, users) + self._delete_ubi_rows(of_session)
            self._check_erased(of_session)
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
            self._check_stores()
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
            self._delete_all(self._names.sessions, {"ids": {"values": [user_document]}})
            deleted += self._delete_ubi_rows(of_user)
            self._check_erased(of_user)
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
            self._check_stores()
            self._refresh()
            sessions, users = (
                self._delete_all(self._names.sessions, _of_kind(kind, older("updated_at")))
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

    def _check_stores(self) -> None:
        """Raises ForeignIndex, or NotErased if an index can't be searched or changed as it is."""
        refuse_foreign_stores(self._client, self._names)
        problems = store_problems(self._client, self._names)
        in_the_way = {index: what for index, what in problems.items() if what != MISSING}
        if in_the_way:
            raise NotErased(f"nothing was erased: {problems_text(in_the_way)}")

    def _check_erased(self, query: dict[str, Any]) -> None:
        """Raises NotErased if a document in any of the indexes still matches `query`."""
        self._refresh()
        for index in self._names.stores:
            body = {"query": query}
            response = self._client.count(index=index, body=body, ignore_unavailable=True)
            if response["count"] or response["_shards"]["failed"]:
                raise NotErased(
                    f"{response['count']} documents of {index} are still there, or came back while "
                    "they were erased. Erase again."
                )

    def _forget(
        self,
        query: dict[str, Any],
        *,
        also: Sequence[str] = (),
        session_id: str = "",
        oldest: int = 0,
    ) -> int:
        """Run the script FORGET on the documents that match `query` and on those with ids `also`.

        Returns how many were changed or removed.
        """
        script = painless(FORGET, session_id=session_id, oldest=oldest, now=now_ms())
        hits = self._scan(self._names.sessions, query)
        ids = dict.fromkeys([hit["_id"] for hit in hits] + list(also))
        alias = IndexNames.writing(self._names.sessions)
        writes = [DocumentWrite("update", alias, each, {"script": script}) for each in ids]
        return sum(result.done for result in self._send(writes, unless=404))

    def _delete_ubi_rows(self, query: dict[str, Any]) -> Deleted:
        return Deleted(
            ubi_queries=self._delete_all(self._names.ubi_queries, query),
            ubi_events=self._delete_all(self._names.ubi_events, query),
        )

    def _delete_all(self, index: str, query: dict[str, Any]) -> int:
        """Delete what matches `query`, until a search finds nothing more; return how many.

        One document after another and not by `_delete_by_query`, which tries again for minutes
        where the index takes no writes.
        """
        deleted = 0
        for attempt in range(DELETE_ATTEMPTS):
            writes = [
                DocumentWrite(
                    "delete", index, hit["_id"], version=(hit["_seq_no"], hit["_primary_term"])
                )
                for hit in self._scan(index, query)
            ]
            if not writes:
                return deleted
            if attempt:
                time.sleep(0.05 * 2**attempt)
            deleted += sum(result.status == 200 for result in self._send(writes, unless=409))
            self._client.indices.refresh(index=index, ignore_unavailable=True)
        raise NotErased(f"{index} keeps changing while rows are erased from it. Try again.")

    def _scan(self, index: str, query: dict[str, Any]) -> list[dict[str, Any]]:
        """All hits of `query`, without their sources, with the version of each."""
        body = {"query": query, "_source": False, "seq_no_primary_term": True}
        return list(scan(self._client, index=index, query=body, ignore_unavailable=True))

    def _send(self, writes: Sequence[DocumentWrite], unless: int) -> list[WriteResult]:
        """The results of `writes`. Raises NotErased if one fails with another status than this."""
        results: list[WriteResult] = []
        for start in range(0, len(writes), BATCH):
            results += self._writer.send(writes[start : start + BATCH])
            for result in results[start:]:
                if not result.done and result.status != unless:
                    raise NotErased(f"not all could be erased: {result.reason}. Try again.")
        return results


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
