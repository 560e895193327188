"""A visitor's rights over what is kept: see it, have it erased, and its end after a time."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException
from opensearchpy.helpers import scan

from plugin_config.client import cluster_unavailable
from plugin_config.errors import LiveIntentError
from plugin_config.schema import IndexNames
from query_service.sessions.document_writes import DocumentWrite, send_documents
from query_service.sessions.documents import (
    DAY_MS,
    now_ms,
    session_document_id,
    user_document_id,
    without_vectors,
)
from query_service.sessions.scripts import forget_script

ROWS_SHOWN = 1000
PASSES = 5


class SessionUnknown(LiveIntentError):
    """Nothing is kept under this session id."""

    exit_code = 4


@dataclass(frozen=True)
class Deleted:
    """How much is gone: documents of sessions, users' documents changed or gone, UBI rows."""

    sessions: int = 0
    users: int = 0
    ubi_queries: int = 0
    ubi_events: int = 0

    @property
    def anything(self) -> bool:
        return any(asdict(self).values())

    def __add__(self, other: "Deleted") -> "Deleted":
        return Deleted(
            self.sessions + other.sessions,
            self.users + other.users,
            self.ubi_queries + other.ubi_queries,
            self.ubi_events + other.ubi_events,
        )


class SessionErasure:
    """Reads and removes everything of a session or a user, whoever wrote it."""

    def __init__(self, client: OpenSearch, names: IndexNames) -> None:
        self._client = client
        self._names = names

    def export(self, session_id: str) -> dict[str, Any]:
        """All that is kept of a session; of vectors only how long they are.

        Raises:
            SessionUnknown: nothing is kept of it.
            ClusterUnavailable: OpenSearch did not answer.
        """
        try:
            self._refresh()
            found = self._client.mget(
                body={"ids": [session_document_id(session_id)]}, index=self._names.sessions
            )["docs"][0]
            of_session: dict[str, Any] = {"term": {"session_id": session_id}}
            tables = {
                name: self._client.search(
                    index=name,
                    body={"query": of_session, "sort": ["timestamp"], "track_total_hits": True},
                    size=ROWS_SHOWN,
                    ignore_unavailable=True,
                )["hits"]
                for name in (self._names.ubi_queries, self._names.ubi_events)
            }
            users = self._client.search(
                index=self._names.sessions,
                body={"query": _users_with(of_session), "track_total_hits": True},
                size=0,
                ignore_unavailable=True,
            )["hits"]["total"]["value"]
        except OpenSearchException as error:
            raise cluster_unavailable(error, "read the session") from error
        document = found.get("_source")
        queries, events = tables.values()
        if document is None and not queries["hits"] and not events["hits"] and not users:
            raise _unknown()
        return {
            "session_id": session_id,
            "session": _readable(document) if document else None,
            "user_documents": users,
            "ubi_queries": _rows(queries),
            "ubi_events": _rows(events),
        }

    def delete(self, session_id: str) -> Deleted:
        """Remove a session for good: its document, its part of users' documents, its UBI rows.

        Vectors derived from it live in these documents only, so they go with them.

        Raises:
            ClusterUnavailable: OpenSearch did not answer; delete again to be sure.
        """
        of_session: dict[str, Any] = {"term": {"session_id": session_id}}
        try:
            self._refresh()
            users = self._forget_in_users(of_session, session_id=session_id)
            own = {"ids": {"values": [session_document_id(session_id)]}}
            return Deleted(
                sessions=self._delete_by_query(self._names.sessions, own),
                users=users,
                ubi_queries=self._delete_by_query(self._names.ubi_queries, of_session),
                ubi_events=self._delete_by_query(self._names.ubi_events, of_session),
            )
        except OpenSearchException as error:
            raise cluster_unavailable(error, "delete the session") from error

    def delete_user(self, user_id: str) -> Deleted:
        """Remove a user for good: the user's document, all sessions of the user, their UBI rows.

        Raises:
            ClusterUnavailable: OpenSearch did not answer; delete again to be sure.
        """
        of_user: dict[str, Any] = {"term": {"user_id": user_id}}
        try:
            self._refresh()
            document = self._client.mget(
                body={"ids": [user_document_id(user_id)]}, index=self._names.sessions
            )["docs"][0]
            session_ids = set(document.get("_source", {}).get("session_id", ()))
            for hit in scan(
                self._client,
                index=self._names.sessions,
                query={"query": of_user, "_source": ["session_id"]},
                ignore_unavailable=True,
            ):
                session_ids.update(hit["_source"].get("session_id", ()))
            gone = Deleted()
            for session_id in sorted(session_ids):
                gone += self.delete(session_id)
            own = {"ids": {"values": [user_document_id(user_id)]}}
            users = int(bool(document.get("found")))
            self._delete_by_query(self._names.sessions, own)
            return Deleted(
                sessions=gone.sessions,
                users=max(gone.users, users),
                ubi_queries=gone.ubi_queries
                + self._delete_by_query(self._names.ubi_queries, of_user),
                ubi_events=gone.ubi_events + self._delete_by_query(self._names.ubi_events, of_user),
            )
        except OpenSearchException as error:
            raise cluster_unavailable(error, "delete the user") from error

    def purge(self, older_than_days: float) -> Deleted:
        """Remove what is older: sessions and users that were quiet since, old events of others.

        UBI rows go by the time they tell of.

        Raises:
            ClusterUnavailable: OpenSearch did not answer; purge again.
        """
        oldest = now_ms() - round(older_than_days * DAY_MS)
        before: dict[str, Any] = {"range": {"updated_at": {"lt": oldest, "format": "epoch_millis"}}}
        rows: dict[str, Any] = {"range": {"timestamp": {"lt": oldest, "format": "epoch_millis"}}}
        older: dict[str, Any] = {"range": {"started_at": {"lt": oldest, "format": "epoch_millis"}}}
        try:
            self._refresh()
            kinds = {
                kind: self._delete_by_query(
                    self._names.sessions, {"bool": {"filter": [{"term": {"kind": kind}}, before]}}
                )
                for kind in ("session", "user")
            }
            self._forget(older, oldest=oldest)
            return Deleted(
                sessions=kinds["session"],
                users=kinds["user"],
                ubi_queries=self._delete_by_query(self._names.ubi_queries, rows),
                ubi_events=self._delete_by_query(self._names.ubi_events, rows),
            )
        except OpenSearchException as error:
            raise cluster_unavailable(error, "purge sessions") from error

    def _refresh(self) -> None:
        indexes = [self._names.sessions, self._names.ubi_queries, self._names.ubi_events]
        self._client.indices.refresh(index=",".join(indexes), ignore_unavailable=True)

    def _forget_in_users(self, of_session: dict[str, Any], session_id: str) -> int:
        return self._forget(_users_with(of_session), session_id=session_id)

    def _forget(self, search: dict[str, Any], *, session_id: str = "", oldest: int = 0) -> int:
        """Run the forget script on all documents that `search` finds; how many there were."""
        script = forget_script(session_id=session_id, oldest=oldest, now=now_ms())
        hits = scan(
            self._client,
            index=self._names.sessions,
            query={"query": search, "_source": False},
            ignore_unavailable=True,
        )
        count = 0
        for ids in _batches([hit["_id"] for hit in hits], 100):
            writes = [
                DocumentWrite("update", self._names.sessions, document_id, {"script": script})
                for document_id in ids
            ]
            for result in send_documents(self._client, writes):
                if not result.done and result.status != 404:
                    raise LiveIntentError(f"not all could be erased: {result.reason}. Try again.")
                count += result.done
        return count

    def _delete_by_query(self, index: str, search: dict[str, Any]) -> int:
        """Delete what `search` finds; what changed meanwhile is looked at again."""
        deleted = 0
        for attempt in range(PASSES):
            answer = self._client.delete_by_query(
                index=index,
                body={"query": search},
                conflicts="proceed",
                refresh=True,
                ignore_unavailable=True,
                request_timeout=120,
            )
            if answer["failures"]:
                raise LiveIntentError(f"not all of {index} could be erased. Try again.")
            deleted += int(answer["deleted"])
            if not answer["version_conflicts"]:
                return deleted
            time.sleep(0.05 * 2**attempt)
        raise LiveIntentError(f"{index} keeps changing while rows are erased from it. Try again.")


def _unknown() -> SessionUnknown:
    return SessionUnknown("nothing is kept under this session_id")


def _users_with(of_session: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"filter": [{"term": {"kind": "user"}}, of_session]}}


def _readable(document: dict[str, Any]) -> dict[str, Any]:
    shown = dict(document)
    for name in ("events", "queries"):
        shown[name] = [without_vectors(row) for row in document.get(name) or ()]
    return shown


def _rows(hits: dict[str, Any]) -> dict[str, Any]:
    return {"count": hits["total"]["value"], "rows": [hit["_source"] for hit in hits["hits"]]}


def _batches(ids: Sequence[str], size: int) -> list[Sequence[str]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]
