"""Removes documents from the indexes of sessions and UBI rows, and checks that they are gone."""

import time
from collections.abc import Sequence
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.helpers import scan

from plugin_config.errors import LiveIntentError
from plugin_config.ownership import refuse_foreign_stores
from plugin_config.schema import IndexNames
from query_service.sessions.document_writes import DocumentWrite, WriteResult
from query_service.sessions.documents import now_ms
from query_service.sessions.scripts import FORGET, painless
from query_service.sessions.store_writer import StoreWriter
from query_service.sessions.stores import MISSING, problems_text, store_problems

DELETE_ATTEMPTS = 5
BATCH = 500  # documents of a `_bulk`


class NotErased(LiveIntentError):
    """Something that was to be erased is still there, or may be."""

    plain = "Not everything could be erased right now."


class DocumentRemoval:
    """Every method raises OpenSearchException where OpenSearch does not answer."""

    def __init__(self, client: OpenSearch, names: IndexNames, writer: StoreWriter) -> None:
        self._client = client
        self._names = names
        self._writer = writer

    def refresh(self) -> None:
        """Let the next search see every change."""
        indexes = [self._names.sessions, self._names.ubi_queries, self._names.ubi_events]
        self._client.indices.refresh(index=",".join(indexes), ignore_unavailable=True)

    def check_stores(self) -> None:
        """Raises ForeignIndex, or NotErased if an index can't be searched or changed as it is."""
        refuse_foreign_stores(self._client, self._names)
        problems = store_problems(self._client, self._names)
        in_the_way = {index: what for index, what in problems.items() if what != MISSING}
        if in_the_way:
            raise NotErased(f"nothing was erased: {problems_text(in_the_way)}")

    def check_erased(self, query: dict[str, Any]) -> None:
        """Raises NotErased if a document in any of the indexes still matches `query`."""
        self.refresh()
        for index in self._names.stores:
            body = {"query": query}
            response = self._client.count(index=index, body=body, ignore_unavailable=True)
            if response["count"] or response["_shards"]["failed"]:
                raise NotErased(
                    f"{response['count']} documents of {index} are still there, or came back while "
                    "they were erased. Erase again."
                )

    def forget(
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
        return self.run(script, list(dict.fromkeys([hit["_id"] for hit in hits] + list(also))))

    def run(self, script: dict[str, Any], ids: Sequence[str]) -> int:
        """Run a script on these documents; return how many it changed or removed."""
        alias = IndexNames.writing(self._names.sessions)
        writes = [DocumentWrite("update", alias, each, {"script": script}) for each in ids]
        return sum(result.done for result in self._send(writes, unless=404))

    def delete_all(self, index: str, query: dict[str, Any]) -> int:
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
