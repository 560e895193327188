"""Deletion of what is kept of visitors."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from operator import add
from typing import Any, TypeVar

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException
from opensearchpy.helpers import scan

from plugin_config.connection.client import cluster_unavailable
from plugin_config.connection.engine_deadline import engine_time_left
from plugin_config.schema import IndexNames
from query_service.sessions.document_writes import scripted_upsert
from query_service.sessions.documents import VECTORS, document_id, now_ms
from query_service.sessions.erasure.document_states import DocumentState
from query_service.sessions.erasure.removal import DocumentRemoval, NotErased
from query_service.sessions.limits import SessionLimits
from query_service.sessions.scripts import ERASE, ERASED, painless
from query_service.sessions.store_writer import StoreWriter

HOUR_MS = 3600 * 1000
SWEEPS = 10
SESSIONS_AT_ONCE = 1000
LONGEST_S = 60.0  # an erasure without a deadline: a command


@dataclass(frozen=True)
class Deleted:
    """Counts of a deletion. `users` are users' documents that were changed or removed; `vectors`:
    those derived from events and queries, in the documents of the session or user.
    """

    sessions: int = 0
    users: int = 0
    ubi_queries: int = 0
    ubi_events: int = 0
    vectors: int = 0

    @property
    def anything(self) -> bool:
        return any(astuple(self))

    def __add__(self, other: "Deleted") -> "Deleted":
        return Deleted(*map(add, astuple(self), astuple(other)))


class SessionErasure:
    """Deletes all data of a session or a user, whichever process wrote it or will write it.

    The document of an erased session or user stays as a tombstone: its id and `erased_at`, for
    `limits.tombstone_hours`. What happened until then is not stored any more, however late it is
    written. While an erasure goes on, that time is in the future, so nothing is stored beside it.
    """

    def __init__(
        self, client: OpenSearch, names: IndexNames, writer: StoreWriter, limits: SessionLimits
    ) -> None:
        self._client, self._names, self._limits = client, names, limits
        self._writer = writer
        self._removal = DocumentRemoval(client, names, writer)

    def delete(self, session_id: str) -> Deleted:
        """Delete a session permanently: its document, its rows in users' documents, its UBI rows.

        Vectors derived from the session are stored in these documents only.

        Raises:
            ForeignIndex: one of the indexes was not made by us; nothing is deleted.
            NotErased: an index takes no changes, or something is still there.
            ClusterUnavailable: OpenSearch did not answer; delete again to be sure.
        """
        try:
            self._removal.check_stores()
            return self._delete_session(session_id)
        except OpenSearchException as error:
            raise cluster_unavailable(error, "delete the session") from error

    def delete_user(self, user_id: str) -> Deleted:
        """Delete a user permanently: the user's document, all their sessions, all UBI rows.

        Sessions are those that the user has or had, and those whose rows name the user, as
        `client_id` too.

        Raises:
            ForeignIndex: one of the indexes was not made by us; nothing is deleted.
            NotErased: an index takes no changes, or something is still there.
            ClusterUnavailable: OpenSearch did not answer; delete again to be sure.
        """
        of_user: dict[str, Any] = {"term": {"user_id": user_id}}
        of_person = {"bool": {"should": [of_user, {"term": {"client_id": user_id}}]}}
        own = document_id("user", user_id)
        try:
            self._removal.check_stores()
            source = self._read(own).get("_source", {})
            session_ids = set(source.get("session_id", ()))
            deleted = Deleted(users=int(has_rows(source)), vectors=vectors_in(source))
            with self._tombstone("user", own, self._removal.newest(source, of_person)) as until:
                left = _Left()
                for _ in range(SWEEPS):
                    self._removal.refresh()
                    for hit in scan(
                        self._client,
                        index=self._names.sessions,
                        query={"query": of_user, "_source": ["session_id"]},
                        ignore_unavailable=True,
                    ):
                        session_ids.update(hit["_source"].get("session_id", ()))
                    session_ids |= self._sessions_in_log(of_person)
                    sessions = sorted(session_ids)
                    for session_id in sessions:
                        deleted += self._delete_session(session_id)
                    session_ids.clear()
                    deleted += (rows := self._delete_ubi_rows(of_person, until)).deleted
                    if left.is_nothing(rows, bool(sessions)):
                        return deleted
            raise NotErased("the user keeps changing while it is erased. Erase again.")
        except OpenSearchException as error:
            raise cluster_unavailable(error, "delete the user") from error

    def erase_late(self, session_id: str, until: int) -> None:
        """Delete what happened in a session until `until`: its user is erased.

        Raises NotErased, OpenSearchException.
        """
        own = document_id("session", session_id)
        self._erase(own, "session", until=until, begins=False)
        self._sweep(session_id, until)

    def _delete_session(self, session_id: str) -> Deleted:
        own = document_id("session", session_id)
        source = self._read(own).get("_source", {})
        stored = Deleted(sessions=int(has_rows(source)), vectors=vectors_in(source))
        newest = self._removal.newest(source, {"term": {"session_id": session_id}})
        with self._tombstone("session", own, newest) as until:
            return self._sweep(session_id, until) + stored

    def _sessions_in_log(self, query: dict[str, Any]) -> set[str]:
        """The sessions of the matching rows of UBI; of very many, the first."""
        body = {
            "size": 0,
            "query": query,
            "aggs": {"sessions": {"terms": {"field": "session_id", "size": SESSIONS_AT_ONCE}}},
        }
        index = f"{self._names.ubi_queries},{self._names.ubi_events}"
        found = self._client.search(index=index, body=body, ignore_unavailable=True)
        buckets = found.get("aggregations", {}).get("sessions", {}).get("buckets", ())
        return {bucket["key"] for bucket in buckets}

    def _sweep(self, session_id: str, until: int) -> Deleted:
        """Delete what is left of a session elsewhere than in its document, until nothing is."""
        of_session: dict[str, Any] = {"term": {"session_id": session_id}}
        of_users = _of_kind("user", of_session)
        deleted, left = Deleted(), _Left()
        for attempt in range(SWEEPS):
            if attempt:
                time.sleep(0.02 * attempt)
            self._removal.refresh()
            users = self._removal.forget(of_users, session_id=session_id, until=until)
            rows = self._delete_ubi_rows(of_session, until)
            deleted += rows.deleted + Deleted(users=users)
            if left.is_nothing(rows, bool(users)):
                return deleted
        raise NotErased("the session keeps changing while it is erased. Erase again.")

    @contextmanager
    def _tombstone(self, kind: str, own: str, newest: int) -> Iterator[int]:
        """Keep a document empty until the end; yield until when rows go, `newest` or later."""
        left_s = engine_time_left()
        until = now_ms() + round((LONGEST_S if left_s is None else max(left_s, 0) + 1) * 1000)
        until = self._erase(own, kind, until=max(until, newest), begins=True)
        try:
            yield until
        finally:
            script = painless(ERASED, began=until, now=now_ms())
            self._removal.run(script, [own])

    def _erase(self, own: str, kind: str, *, until: int, begins: bool) -> int:
        """Empty a document; return the tombstone that it has now. Raises NotErased."""
        script = painless(ERASE, kind=kind, until=until, begins=begins, now=now_ms())
        write = scripted_upsert(IndexNames.writing(self._names.sessions), own, script)
        [result] = self._writer.send([write])
        if not result.done:
            raise NotErased(f"not all could be erased: {result.reason}. Try again.")
        return DocumentState.of(result.state).erased_at

    def sweep_tombstones(self, due: dict[str, Any]) -> None:
        """Remove what was written late to the sessions and users whose tombstones match `due`.

        Raises NotErased, OpenSearchException.
        """
        query = {"query": due, "_source": ["erased_at"]}
        found = scan(self._client, index=self._names.sessions, query=query, ignore_unavailable=True)
        for hit in list(found):
            kind, name = hit["_id"].split(":", 1)  # of a very long id it is a digest
            until = int(hit["_source"]["erased_at"])
            if kind == "session":
                self._sweep(name, until)
            else:
                self._delete_ubi_rows({"term": {"user_id": name}}, until)

    def _read(self, doc_id: str) -> dict[str, Any]:
        response = self._client.mget(body={"ids": [doc_id]}, index=self._names.sessions)
        document: dict[str, Any] = response["docs"][0]
        return document

    def _delete_ubi_rows(self, query: dict[str, Any], until: int) -> "_SweptRows":
        """Delete the matching rows that a search finds of what happened until `until` (ms)."""
        happened = {"range": {"timestamp": {"lte": until, "format": "epoch_millis"}}}
        both = {"bool": {"filter": [query, happened]}}
        queries, queries_gone = self._removal.delete_found(self._names.ubi_queries, both)
        events, events_gone = self._removal.delete_found(self._names.ubi_events, both)
        deleted = Deleted(ubi_queries=len(queries_gone), ubi_events=len(events_gone))
        return _SweptRows(queries | events, queries_gone | events_gone, deleted)


@dataclass(frozen=True)
class _SweptRows:
    """Ids of the rows of UBI that a search found, and of those that were deleted then."""

    found: set[str]
    gone: set[str]
    deleted: Deleted


class _Left:
    """What an erasure has to delete: the rows that its first search finds.

    What a later one finds besides was written meanwhile. It is deleted, too, but not waited for:
    its writer sees the tombstone and removes it, and a visitor who goes on acting would else hold
    up the erasure for good.
    """

    def __init__(self) -> None:
        self._rows: set[str] | None = None

    def is_nothing(self, rows: _SweptRows, others: bool) -> bool:
        """Whether a search says that all is gone; `others`: what else it found and removed."""
        if self._rows is None:
            self._rows = rows.found - rows.gone
            return not rows.found and not others
        self._rows &= rows.found
        if not self._rows:
            return True
        self._rows -= rows.gone
        return False


def older(field: str, oldest: int) -> dict[str, Any]:
    """A query for what has an earlier time in `field` than `oldest`, ms since 1970."""
    return {"range": {field: {"lt": oldest, "format": "epoch_millis"}}}


def has_rows(source: Mapping[str, Any]) -> bool:
    """Whether a document of a session or user has events or queries; else it is a tombstone."""
    return bool(source.get("events") or source.get("queries"))


def _of_kind(kind: str, query: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"filter": [{"term": {"kind": kind}}, query]}}


def vectors_in(source: Mapping[str, Any]) -> int:
    """How many vectors a document of a session or user has."""
    rows = [*(source.get("events") or ()), *(source.get("queries") or ())]
    return sum(name in row for row in rows for name in VECTORS)


Counts = TypeVar("Counts")


def summed(counts: Iterable[Counts]) -> Counts:
    """The sums, field by field, of one or more dataclasses of counts."""
    first, *others = counts
    for other in others:
        pairs = zip(astuple(first), astuple(other), strict=True)  # type: ignore[call-overload]
        first = type(first)(*(one + another for one, another in pairs))
    return first
