"""What is kept of a session, to show it."""

from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.connection.client import cluster_unavailable
from plugin_config.errors import LiveIntentError
from plugin_config.schema import IndexNames
from query_service.sessions.documents import Scope, document_id, now_ms, without_vectors
from query_service.sessions.erasure.erasure import has_rows
from query_service.sessions.limits import DAY_MS, SessionLimits
from query_service.sessions.stores import refresh_stores

ROWS_SHOWN = 1000
USERS_READ = 100


class SessionUnknown(LiveIntentError):
    """Nothing is kept under this session id."""

    exit_code = 4


class SessionExport:
    """Reads all data of a session that has not expired, whichever process wrote it."""

    def __init__(self, client: OpenSearch, names: IndexNames, limits: SessionLimits) -> None:
        self._client, self._names, self._limits = client, names, limits

    def export(self, session_id: str) -> dict[str, Any]:
        """Everything stored about a session; of vectors only their lengths.

        Raises:
            SessionUnknown: nothing is stored about it, or all has expired.
            ClusterUnavailable: OpenSearch did not answer.
        """
        scope = Scope(self._limits.oldest(now_ms()))
        try:
            refresh_stores(self._client, self._names)
            session = self._session(session_id, scope)
            queries, events = (
                self._rows(index, session_id, days)
                for index, days in (
                    (self._names.ubi_queries, self._limits.kept_queries),
                    (self._names.ubi_events, self._limits.kept_events),
                )
            )
            users = self._users(session_id, scope)
        except OpenSearchException as error:
            raise cluster_unavailable(error, "read the session") from error
        if session is None and not queries["rows"] and not events["rows"] and not users:
            raise SessionUnknown("nothing is kept under this session_id")
        return {
            "session_id": session_id,
            "session": session,
            "user_documents": users,
            "ubi_queries": queries,
            "ubi_events": events,
        }

    def _session(self, session_id: str, scope: Scope) -> dict[str, Any] | None:
        ids = [document_id("session", session_id)]
        response = self._client.mget(body={"ids": ids}, index=self._names.sessions)
        document = shown_document(response["docs"][0].get("_source", {}), scope)
        return document if has_rows(document) or document.get("consent") else None

    def _rows(self, index: str, session_id: str, days: float) -> dict[str, Any]:
        query = lasting({"term": {"session_id": session_id}}, days)
        return rows_of(self._client, index, query, ROWS_SHOWN)

    def _users(self, session_id: str, scope: Scope) -> int:
        """How many users' documents have a row of the session that has not expired."""
        query = {"bool": {"filter": [{"term": {"kind": "user"}},
                                     {"term": {"session_id": session_id}}]}}  # fmt: skip
        shown = [f"{name}.{part}" for name in ("events", "queries")
                 for part in ("session_id", "received_at")]  # fmt: skip
        hits = self._client.search(
            index=self._names.sessions,
            body={"query": query, "_source": shown},
            size=USERS_READ,
            ignore_unavailable=True,
        )["hits"]["hits"]
        return sum(
            any(
                row["session_id"] == session_id and scope.admits(row)
                for name in ("events", "queries")
                for row in hit["_source"].get(name) or ()
            )
            for hit in hits
        )


def shown_document(source: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """A session's or user's document with the rows that `scope` admits, without vectors."""
    return source | {
        name: [without_vectors(row) for row in source.get(name) or () if scope.admits(row)]
        for name in ("events", "queries")
    }


def lasting(query: dict[str, Any], days: float) -> dict[str, Any]:
    """The query for those rows of UBI alone that are not older than `days`."""
    oldest = now_ms() - round(days * DAY_MS)
    since = {"range": {"timestamp": {"gte": oldest, "format": "epoch_millis"}}}
    return {"bool": {"filter": [query, since]}}


def rows_of(client: OpenSearch, index: str, query: dict[str, Any], size: int) -> dict[str, Any]:
    """The first rows of UBI that match, oldest first, and how many do.

    Raises OpenSearchException.
    """
    body = {"query": query, "sort": ["timestamp"], "track_total_hits": True}
    found = client.search(index=index, body=body, size=size, ignore_unavailable=True)["hits"]
    rows = [hit["_source"] for hit in found["hits"]]
    return {"count": found["total"]["value"], "rows": rows}
