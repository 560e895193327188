"""What is kept of a user, over all their sessions, to show it and to look for what is left."""

from collections.abc import Collection, Sequence
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.connection.client import cluster_unavailable
from plugin_config.schema import IndexNames
from query_service.sessions.documents import Scope, document_id, now_ms
from query_service.sessions.erasure.erasure import has_rows
from query_service.sessions.limits import SessionLimits
from query_service.sessions.rights.session_export import (
    SessionUnknown,
    lasting,
    rows_of,
    shown_document,
)
from query_service.sessions.stores import refresh_stores

ROWS_SHOWN = 10_000  # the most that the engine gives at once
SESSIONS_SHOWN = 1000


class UserExport:
    """Reads all data of a user that has not expired, whichever process wrote it."""

    def __init__(self, client: OpenSearch, names: IndexNames, limits: SessionLimits) -> None:
        self._client, self._names, self._limits = client, names, limits

    def export(self, user_names: Sequence[str]) -> dict[str, Any]:
        """Everything stored under these names of one user; of vectors only their lengths.

        Raises:
            SessionUnknown: nothing is stored about the user, or all has expired.
            ClusterUnavailable: OpenSearch did not answer.
        """
        try:
            refresh_stores(self._client, self._names)
            session_ids = self.session_ids(user_names)
            users = self._documents("user", user_names)
            sessions = self._documents("session", session_ids)
            person = _of_person(user_names, session_ids)
            queries, events = (
                rows_of(self._client, index, lasting(person, days), ROWS_SHOWN)
                for index, days in (
                    (self._names.ubi_queries, self._limits.kept_queries),
                    (self._names.ubi_events, self._limits.kept_events),
                )
            )
        except OpenSearchException as error:
            raise cluster_unavailable(error, "read the user") from error
        if not (users or sessions or queries["rows"] or events["rows"]):
            raise SessionUnknown("nothing is kept under this user_id")
        return {
            "stored_as": list(user_names),
            "user_documents": users,
            "sessions": sessions,
            "ubi_queries": queries,
            "ubi_events": events,
        }

    def session_ids(self, user_names: Collection[str]) -> list[str]:
        """The stored names of all sessions of the user, expired or not.

        Raises OpenSearchException.
        """
        either: list[dict[str, Any]] = [
            {"terms": {"user_id": list(user_names)}},
            {"terms": {"client_id": list(user_names)}},
            {"ids": {"values": [document_id("user", name) for name in user_names]}},
        ]
        body = {
            "size": 0,
            "query": {"bool": {"should": either, "minimum_should_match": 1}},
            "aggs": {"sessions": {"terms": {"field": "session_id", "size": SESSIONS_SHOWN}}},
        }
        answer = self._client.search(
            index=",".join(self._names.stores), body=body, ignore_unavailable=True
        )
        buckets = answer.get("aggregations", {}).get("sessions", {}).get("buckets", ())
        return sorted(bucket["key"] for bucket in buckets)

    def _documents(self, kind: str, stored_names: Collection[str]) -> list[dict[str, Any]]:
        if not stored_names:
            return []
        ids = [document_id(kind, name) for name in stored_names]
        response = self._client.mget(body={"ids": ids}, index=self._names.sessions)
        scope = Scope(self._limits.oldest(now_ms()))
        shown = (shown_document(each.get("_source", {}), scope) for each in response["docs"])
        return [document for document in shown if has_rows(document)]


def _of_person(user_names: Collection[str], session_ids: Collection[str]) -> dict[str, Any]:
    either = [{"terms": {name: list(user_names)}} for name in ("user_id", "client_id")]
    either.append({"terms": {"session_id": list(session_ids)}})
    return {"bool": {"should": either, "minimum_should_match": 1}}
