"""Renames what is stored to what it is under the newest key: after a key is added, or the first."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException
from opensearchpy.helpers import scan

from plugin_config.connection.client import cluster_unavailable
from plugin_config.schema import IndexNames
from query_service.privacy.pseudonyms import Pseudonyms, replaced
from query_service.sessions.document_writes import DocumentWrite
from query_service.sessions.erasure.removal import DocumentRemoval
from query_service.sessions.limits import SessionLimits
from query_service.sessions.rights.stored_names import PERSON_FIELDS
from query_service.sessions.store_writer import StoreWriter

SLICE = 200
ATTEMPTS = 5
_LATEST = ("erased_at", "split_at", "updated_at")


class PseudonymRenewal:
    """Works beside services that read and write: what they change meanwhile is renamed after."""

    def __init__(
        self,
        client: OpenSearch,
        names: IndexNames,
        writer: StoreWriter,
        limits: SessionLimits,
        pseudonyms: Pseudonyms,
    ) -> None:
        self._client, self._names = client, names
        self._limits, self._ids = limits, pseudonyms
        self._removal = DocumentRemoval(client, names, writer)

    def run(self) -> Counter[str]:
        """Rename everything; count documents by index. Raises NotErased, ClusterUnavailable."""
        renamed: Counter[str] = Counter()
        try:
            self._removal.check_stores()
            for _ in range(ATTEMPTS):
                self._removal.refresh()
                done = self._sessions()
                renamed[self._names.sessions] += done
                for index in (self._names.ubi_queries, self._names.ubi_events):
                    rows = self._rows(index)
                    renamed[index] += rows
                    done += rows
                if not done:
                    break
        except OpenSearchException as error:
            raise cluster_unavailable(error, "rename what is stored") from error
        return renamed

    def _rows(self, index: str) -> int:
        """Rename rows of UBI, each only as it was read; return how many."""
        alias, renamed = IndexNames.writing(index), 0
        writes: list[DocumentWrite] = []
        for hit in self._scan(index):
            row = hit["_source"]
            ids: dict[str, str] = {}
            for name in PERSON_FIELDS:
                stored = str(row.get(name, ""))
                if stored and (new := self._ids.renewed(stored)) != stored:
                    ids[stored] = new
            if ids:
                version = (hit["_seq_no"], hit["_primary_term"])
                writes.append(
                    DocumentWrite("index", alias, hit["_id"], replaced(row, ids), version)
                )
            if len(writes) >= SLICE:
                renamed += self._send(writes)
                writes = []
        return renamed + self._send(writes)

    def _send(self, writes: list[DocumentWrite]) -> int:
        results = self._removal.send(writes, unless=409) if writes else []
        return sum(result.status == 200 for result in results)

    def _sessions(self) -> int:
        """Move documents of sessions and users to their new names; return how many."""
        return sum(self._move(hit) for hit in self._scan(self._names.sessions))

    def _move(self, hit: Mapping[str, Any]) -> int:
        kind, _, name = hit["_id"].partition(":")
        renamed = self._ids.renewed(name)
        source = hit["_source"]
        if kind not in ("session", "user"):
            return 0
        ids = _ids_in(source, self._ids)
        if renamed == name and not ids:
            return 0
        new_id = f"{kind}:{renamed}"
        there = self._client.mget(body={"ids": [new_id]}, index=self._names.sessions)["docs"][0]
        moved = replaced(source, ids)
        version = None
        if there.get("found"):
            version = (there["_seq_no"], there["_primary_term"])
            if new_id != hit["_id"]:
                moved = self._merged(moved, there["_source"])
        alias = IndexNames.writing(self._names.sessions)
        write = DocumentWrite("index" if version else "create", alias, new_id, moved, version)
        [written] = self._removal.send([write], unless=409)
        if written.status == 409 or new_id == hit["_id"]:
            return int(written.status != 409)
        old = (hit["_seq_no"], hit["_primary_term"])
        delete = DocumentWrite("delete", self._names.sessions, hit["_id"], version=old)
        self._removal.send([delete], unless=409)  # changed meanwhile: the next round moves it
        return 1

    def _merged(self, moved: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
        """One document of the two: all rows, the newest of each time, and what is said later."""
        merged = {**moved, **there}
        most = self._limits.max_rows(str(merged.get("kind", "session")))
        for field, id_field, limit in (
            ("events", "event_id", most[0]),
            ("queries", "query_id", most[1]),
        ):
            by_id = {
                row[id_field]: row for row in (*(moved.get(field) or ()), *(there.get(field) or ()))
            }
            ordered = sorted(by_id.values(), key=lambda row: int(row["timestamp"]))
            merged[field] = ordered[-limit:] if limit else []
        for field in _LATEST:
            if times := [each[field] for each in (moved, there) if each.get(field) is not None]:
                merged[field] = max(times)
        rows = [*merged["events"], *merged["queries"]]
        merged["session_id"] = sorted({row["session_id"] for row in rows})
        merged["started_at"] = min(
            (row["received_at"] for row in rows), default=merged.get("updated_at")
        )
        return merged

    def _scan(self, index: str) -> Iterator[dict[str, Any]]:
        """Documents that may have earlier names, as they are now, a slice in memory at a time."""
        newest = f"~{self._ids.keys[0].key_id}~"
        other: list[dict[str, Any]] = [
            {"bool": {"filter": {"exists": {"field": name}},
                      "must_not": {"prefix": {name: newest}}}}
            for name in PERSON_FIELDS
        ]  # fmt: skip
        if index == self._names.sessions:  # tombstones have their name in the id alone
            other.append({"exists": {"field": "erased_at"}})
            other.append({"exists": {"field": "kind"}})
        query = {"bool": {"should": other, "minimum_should_match": 1}}
        body = {"query": query, "seq_no_primary_term": True}
        return iter(
            scan(self._client, index=index, query=body, size=SLICE, ignore_unavailable=True)
        )


def _ids_in(source: Mapping[str, Any], pseudonyms: Pseudonyms) -> dict[str, str]:
    """The ids in a document of a session or user that have a newer name, with it."""
    rows = [*(source.get("events") or ()), *(source.get("queries") or ())]
    stored = {str(row[name]) for row in (*rows, source) for name in ("session_id", "user_id")
              if isinstance(row.get(name), str)}  # fmt: skip
    stored |= (
        set(source.get("session_id") or ())
        if not isinstance(source.get("session_id"), str)
        else set()
    )
    renamed = {each: pseudonyms.renewed(each) for each in stored if each}
    return {old: new for old, new in renamed.items() if old != new}
