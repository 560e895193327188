"""Reads a visitor from the stored documents of session and user, in one round trip."""

from collections.abc import Collection, Sequence
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.errors import LiveIntentError
from plugin_config.schema import IndexNames
from query_service.privacy.pseudonyms import NO_PSEUDONYMS, Pseudonyms
from query_service.sessions.documents import (
    Scope,
    document_id,
    milliseconds,
    now_ms,
    visitor_from_documents,
)
from query_service.sessions.limits import SessionLimits
from query_service.user.user_session import earlier_names
from query_service.user.visitor import Visitor


class SessionsUnreadable(LiveIntentError):
    """The visitor's documents can't be read now; answer without them, and say so."""


class SessionReader:
    """Reads from one set of indexes. Safe to use from many threads."""

    def __init__(
        self,
        client: OpenSearch,
        names: IndexNames,
        limits: SessionLimits,
        pseudonyms: Pseudonyms = NO_PSEUDONYMS,
    ) -> None:
        self._client, self._names, self._limits = client, names, limits
        self._pseudonyms = pseudonyms

    def read(
        self,
        session_id: str,
        user_id: str,
        *,
        waiting: Sequence[dict[str, Any]],
        timeout_s: float | None,
        live_query: str,
        as_of: float | None,
    ) -> Visitor:
        """The visitor, with the stored queries that wait to be written; see `SessionStore.read`.

        Raises SessionsUnreadable.
        """
        newest = None if as_of is None else milliseconds(as_of)
        scope = Scope(self._limits.oldest(now_ms()), newest, live_query)
        stored_names = self._pseudonyms.names(session_id)
        user_names = self._pseudonyms.names(user_id) if user_id else ()
        ids = [document_id("user", name) for name in user_names]
        ids += [document_id("session", name) for name in stored_names]
        earlier = [
            document_id("session", name)
            for each in earlier_names(session_id)
            for name in self._pseudonyms.names(each)
        ]
        documents = self._documents([*ids, *earlier], timeout_s, choices=earlier)
        try:
            if self._pseudonyms.keys:
                documents = [_named(each, stored_names, session_id) for each in documents]
            return visitor_from_documents(
                session_id, user_id, documents, self._limits, pending=waiting, scope=scope
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SessionsUnreadable(f"the session's document is damaged: {error!r}") from error

    def _documents(
        self, ids: Sequence[str], timeout_s: float | None, choices: Collection[str] = ()
    ) -> list[dict[str, Any]]:
        """The documents of these ids that there are, in order; of `choices` the consent alone.

        Raises SessionsUnreadable.
        """
        options = {} if timeout_s is None else {"request_timeout": timeout_s}
        try:
            # Of `choices` nothing else is read: the documents hold vectors.
            body: dict[str, Any] = {"ids": list(ids)}
            if choices:
                consent = {"_source": ["consent"]}
                body = {"docs": [{"_id": i} | (consent if i in choices else {}) for i in ids]}
            response = self._client.mget(body=body, index=self._names.sessions, **options)
        except OpenSearchException as error:
            raise SessionsUnreadable(f"the session can't be read: {error}") from error
        documents = []
        for document in response["docs"]:
            problem = document.get("error", {}).get("type", "")
            if problem and problem != "index_not_found_exception":
                raise SessionsUnreadable(f"the session can't be read: {problem}")
            if document.get("found") and document["_id"] in choices:
                documents.append({"consent": document["_source"].get("consent")})
            elif document.get("found"):
                documents.append(document["_source"])
        return documents


def _named(
    document: dict[str, Any], stored_names: Collection[str], session_id: str
) -> dict[str, Any]:
    """A document whose rows of this session have the session's id as the request has it."""
    return document | {
        name: [
            row | {"session_id": session_id} if row["session_id"] in stored_names else row
            for row in document.get(name) or ()
        ]
        for name in ("events", "queries")
    }
