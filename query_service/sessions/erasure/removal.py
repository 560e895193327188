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
from query_service.sessions.stores import MISSING, problems_text, refresh_stores, store_problems

DELETE_ATTEMPTS = 10
BATCH = 2000  # documents of a `_bulk`, and of a scroll's page
FIRST = 500  # hits of a search; where there are more, a scroll reads them all


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
        refresh_stores(self._client, self._names)

    def check_stores(self) -> None:
        """Raises ForeignIndex, or NotErased if an index can't be searched or changed as it is."""
        refuse_foreign_stores(self._client, self._names)
        problems = store_problems(self._client, self._names)
        in_the_way = {index: what for index, what in problems.items() if what != MISSING}
        if in_the_way:
            raise NotErased(f"nothing was erased: {problems_text(in_the_way)}")

    def newest(self, source: dict[str, Any], query: dict[str, Any]) -> int:
        """The newest time (ms) in a document and in the rows of UBI that match, 0 without any.

        It is in the future where the clock has gone back since then.
        """
        rows = [row for name in ("events", "queries") for row in source.get(name) or ()]
        aggs = {"newest": {"max": {"field": "timestamp"}}}
        index = f"{self._names.ubi_queries},{self._names.ubi_events}"
        body = {"size": 0, "query": query, "aggs": aggs}
        found = self._client.search(index=index, body=body, ignore_unavailable=True)
        logged = found.get("aggregations", {}).get("newest", {}).get("value") or 0
        return max([int(logged), *(int(row["timestamp"]) for row in rows)])

    def forget(self, query: dict[str, Any], *, session_id: str = "", until: int = 0) -> int:
        """Run `forget_in` on the documents that match `query`."""
        ids = [hit["_id"] for hit in self._scan(self._names.sessions, query)]
        return self.forget_in(ids, session_id=session_id, until=until)

    def forget_in(
        self, ids: Sequence[str], *, session_id: str = "", until: int = 0, oldest: int = 0
    ) -> int:
        """Run the script FORGET on these documents; return how many it changed or removed."""
        script = painless(FORGET, session_id=session_id, until=until, oldest=oldest, now=now_ms())
        return self.run(script, ids)

    def run(self, script: dict[str, Any], ids: Sequence[str]) -> int:
        """Run a script on these documents; return how many it changed or removed."""
        return self._run(self._names.sessions, script, ids)

    def update_all(self, index: str, query: dict[str, Any], script: dict[str, Any]) -> int:
        """Run a script on all documents of an index that match `query`; return how many."""
        return self._run(index, script, [hit["_id"] for hit in self._scan(index, query)])

    def _run(self, index: str, script: dict[str, Any], ids: Sequence[str]) -> int:
        alias = IndexNames.writing(index)
        writes = [DocumentWrite("update", alias, each, {"script": script}) for each in ids]
        results = self.send(writes, unless=404)
        return sum(result.outcome in ("updated", "deleted") for result in results)

    def delete_all(self, index: str, query: dict[str, Any]) -> int:
        """Delete what matches `query`, until a search finds nothing more; return how many."""
        deleted = 0
        for attempt in range(DELETE_ATTEMPTS):
            if attempt:
                time.sleep(min(0.05 * 2**attempt, 1.0))
                self._client.indices.refresh(index=index, ignore_unavailable=True)
            found, gone = self.delete_found(index, query)
            deleted += len(gone)
            if not found:
                return deleted
        raise NotErased(f"{index} keeps changing while rows are erased from it. Try again.")

    def delete_found(self, index: str, query: dict[str, Any]) -> tuple[set[str], set[str]]:
        """Delete what a search finds now; return the ids that it found, and those deleted.

        One document after another and not by `_delete_by_query`, which tries again for minutes
        where the index takes no writes. A document that changed meanwhile stays.
        """
        hits = self._scan(index, query)
        return {hit["_id"] for hit in hits}, self.delete_hits(index, hits)

    def delete_hits(self, index: str, hits: Sequence[dict[str, Any]]) -> set[str]:
        """Delete hits that have their versions with them, each only as it was read; their ids."""
        writes = [
            DocumentWrite(
                "delete", index, hit["_id"], version=(hit["_seq_no"], hit["_primary_term"])
            )
            for hit in hits
        ]
        results = self.send(writes, unless=409)
        return {
            each.document_id for each, of in zip(writes, results, strict=True) if of.status == 200
        }

    def _scan(self, index: str, query: dict[str, Any]) -> list[dict[str, Any]]:
        """All hits of `query`, without their sources, with the version of each."""
        body = {"query": query, "_source": False, "seq_no_primary_term": True}
        first = self._client.search(
            index=index,
            body=body | {"size": FIRST},
            params={"ignore_unavailable": "true", "allow_partial_search_results": "false"},
        )
        hits: list[dict[str, Any]] = first["hits"]["hits"]
        if len(hits) < FIRST:
            return hits
        return list(
            scan(self._client, index=index, query=body, size=BATCH, ignore_unavailable=True)
        )

    def send(self, writes: Sequence[DocumentWrite], unless: int) -> list[WriteResult]:
        """The results of `writes`. Raises NotErased if one fails with another status than this."""
        results: list[WriteResult] = []
        for start in range(0, len(writes), BATCH):
            results += self._writer.send(writes[start : start + BATCH])
            for result in results[start:]:
                if not result.done and result.status != unless:
                    raise NotErased(f"not all could be erased: {result.reason}. Try again.")
        return results
