"""A visitor takes back one of their queries: from the session, the user, and the log."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException
from opensearchpy.helpers import scan

from indexer.suggestions.suggestion import suggestion_key
from plugin_config.connection.client import cluster_unavailable
from plugin_config.schema import IndexNames
from query_service.sessions.documents import document_id, now_ms
from query_service.sessions.erasure.removal import DocumentRemoval, NotErased
from query_service.sessions.scripts import FORGET_QUERIES, painless
from query_service.sessions.store_writer import StoreWriter


@dataclass(frozen=True)
class RemovedQuery:
    """Documents that had the query: `sessions` and `users` were changed, rows are gone."""

    sessions: int = 0
    users: int = 0
    ubi_queries: int = 0


class QueryRemoval:
    """Removes a query, in every spelling that suggestions take for the same."""

    def __init__(self, client: OpenSearch, names: IndexNames, writer: StoreWriter) -> None:
        self._client, self._names = client, names
        self._removal = DocumentRemoval(client, names, writer)

    def remove(self, session_id: str, query_text: str) -> RemovedQuery:
        """Remove a query from a session; of a known user also from their other sessions.

        The events that it led to stay.

        Raises:
            ForeignIndex: one of the indexes was not made by us; nothing is removed.
            NotErased: an index takes no changes, or the query is still there.
            ClusterUnavailable: OpenSearch did not answer; remove again to be sure.
        """
        key = suggestion_key(query_text)
        try:
            self._removal.check_stores()
            self._removal.refresh()
            own = self._document(session_id)
            user_id = own.get("user_id", "")
            texts = {
                id_: _texts(source, key) for id_, source in self._documents(session_id, user_id)
            }
            holders = [id_ for id_, same in texts.items() if same]
            every = sorted({text for same in texts.values() for text in same})
            script = painless(FORGET_QUERIES, texts=every, now=now_ms())
            self._removal.run(script, holders)
            rows = self._rows(session_id, user_id, key)
            deleted = 0
            if rows:
                deleted = self._removal.delete_all(
                    self._names.ubi_queries, {"ids": {"values": rows}}
                )
            if _texts(self._document(session_id), key):
                raise NotErased("the query came back while it was removed. Remove it again.")
        except OpenSearchException as error:
            raise cluster_unavailable(error, "remove the query") from error
        users = sum(id_.startswith("user:") for id_ in holders)
        return RemovedQuery(len(holders) - users, users, deleted)

    def _document(self, session_id: str) -> dict[str, Any]:
        ids = [document_id("session", session_id)]
        response = self._client.mget(body={"ids": ids}, index=self._names.sessions)
        source: dict[str, Any] = response["docs"][0].get("_source", {})
        return source

    def _documents(self, session_id: str, user_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        yield document_id("session", session_id), self._document(session_id)
        if not user_id:
            return
        of_user = {"query": {"term": {"user_id": user_id}}, "_source": ["queries"]}
        for hit in scan(self._client, index=self._names.sessions, query=of_user):
            yield hit["_id"], hit["_source"]

    def _rows(self, session_id: str, user_id: str, key: str) -> list[str]:
        """Ids of the log's rows of this visitor with the query."""
        either: list[dict[str, Any]] = [{"term": {"session_id": session_id}}]
        if user_id:
            either.append({"term": {"user_id": user_id}})
        query = {"query": {"bool": {"should": either}}, "_source": ["user_query"]}
        hits = scan(self._client, index=self._names.ubi_queries, query=query)
        return [
            hit["_id"]
            for hit in hits
            if suggestion_key(hit["_source"].get("user_query", "")) == key
        ]


def _texts(source: dict[str, Any], key: str) -> set[str]:
    """The texts of a document's queries that have this key."""
    texts = (str(query.get("query_text", "")) for query in source.get("queries") or ())
    return {text for text in texts if suggestion_key(text) == key}
