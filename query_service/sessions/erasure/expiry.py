"""Removes what is older than it may be kept, in slices, so that searches go on beside it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException
from opensearchpy.helpers import scan

from plugin_config.connection.client import cluster_unavailable
from plugin_config.schema import IndexNames
from query_service.sessions.documents import now_ms
from query_service.sessions.erasure.erasure import HOUR_MS, SessionErasure, older
from query_service.sessions.erasure.removal import DocumentRemoval
from query_service.sessions.limits import DAY_MS, SessionLimits
from query_service.sessions.store_writer import StoreWriter

SESSIONS, USERS, TOMBSTONES = "sessions", "users", "tombstones"
UBI_QUERIES, UBI_EVENTS, DELETED_ITEMS = "ubi_queries", "ubi_events", "deleted_items"

_HAS_ROWS = {"exists": {"field": "session_id"}}


class ExpiryStopped(Exception):
    """The pace ended a run; the next one goes on."""


@dataclass(frozen=True)
class Pace:
    """At most `documents` in one request; `between` is called after each, and may end the run.

    It raises ExpiryStopped then.
    """

    documents: int = 2000
    between: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Expired:
    """What one kind of documents is, and a query for those of them that are too old."""

    kind: str
    index: str
    everything: dict[str, Any]
    field: str  # their time
    days: float
    expired: dict[str, Any]


class Expiry:
    """What expires of one set of indexes. Every method raises OpenSearchException."""

    def __init__(
        self, client: OpenSearch, names: IndexNames, writer: StoreWriter, limits: SessionLimits
    ) -> None:
        self._client, self._names, self._limits = client, names, limits
        self._removal = DocumentRemoval(client, names, writer)
        self._erasure = SessionErasure(client, names, writer, limits)

    def rules(self, older_than_days: float | None = None) -> list[Expired]:
        """Every kind of documents; with `older_than_days` in place of the age of what visitors did.

        An event's or query's age counts from its receipt, a UBI row's from its own timestamp.
        """
        names, limits, now = self._names, self._limits, now_ms()
        age = older_than_days
        history = limits.ttl_days if age is None else age
        due = now - round(limits.tombstone_hours * HOUR_MS)
        chosen = now - round(limits.consent_days * DAY_MS)
        tombstone = _all_of({"exists": {"field": "erased_at"}}, but=[_HAS_ROWS])
        standing = [_since("erased_at", due), _since("consent_at", chosen), tombstone]
        kinds = ((SESSIONS, "session"), (USERS, "user"))
        rules = [
            Expired(
                kind, names.sessions, _all_of(_term("kind", stored)), "updated_at", history,
                _all_of(_term("kind", stored), older("updated_at", _ago(history)), but=standing),
            )
            for kind, stored in kinds
        ]  # fmt: skip
        logs = (
            (UBI_QUERIES, names.ubi_queries, limits.kept_queries),
            (UBI_EVENTS, names.ubi_events, limits.kept_events),
        )
        rules += [
            Expired(
                kind, index, _all_of(), "timestamp", days if age is None else age,
                older("timestamp", _ago(days if age is None else age)),
            )
            for kind, index, days in logs
        ]  # fmt: skip
        empty = [_HAS_ROWS, {"exists": {"field": "consent_at"}}]
        erased = _all_of({"exists": {"field": "erased_at"}})
        return [
            *rules,
            Expired(
                TOMBSTONES, names.sessions, erased, "erased_at", limits.tombstone_hours / 24,
                _all_of(older("erased_at", due), but=empty),
            ),
            Expired(
                DELETED_ITEMS, names.deletions, _all_of(), "deleted_at", limits.deleted_items_days,
                older("deleted_at", _ago(limits.deleted_items_days)),
            ),
        ]  # fmt: skip

    def run(self, pace: Pace, older_than_days: float | None = None) -> Iterator[tuple[str, int]]:
        """Remove what is too old; yield each kind, and how many documents of it are gone.

        Rows of sessions that go on are trimmed. Tombstones take with them what was written late.

        Raises:
            ForeignIndex: one of the indexes was not made by us; nothing is deleted.
            NotErased: an index takes no changes.
            ExpiryStopped: the pace ended it.
            ClusterUnavailable: OpenSearch did not answer; run again.
        """
        try:
            self._removal.check_stores()
            self._removal.refresh()
            for rule in self.rules(older_than_days):
                if rule.kind == TOMBSTONES:
                    self._erasure.sweep_tombstones(rule.expired)
                yield rule.kind, self._delete(rule, pace)
                if rule.kind == USERS:
                    self._trim(_ago(rule.days), pace)
        except OpenSearchException as error:
            raise cluster_unavailable(error, "remove what has expired") from error

    def _delete(self, rule: Expired, pace: Pace) -> int:
        gone = 0
        body = {"query": rule.expired, "_source": False, "seq_no_primary_term": True}
        for hits in self._slices(rule.index, body, pace):
            gone += len(self._removal.delete_hits(rule.index, hits))
            pace.between()
        return gone

    def _trim(self, oldest: int, pace: Pace) -> None:
        body = {"query": older("started_at", oldest), "_source": False}
        for hits in self._slices(self._names.sessions, body, pace):
            self._removal.forget_in([hit["_id"] for hit in hits], oldest=oldest)
            pace.between()

    def _slices(
        self, index: str, body: dict[str, Any], pace: Pace
    ) -> Iterator[Sequence[dict[str, Any]]]:
        hits = iter(
            scan(self._client, index=index, query=body, size=pace.documents,
                 ignore_unavailable=True)
        )  # fmt: skip
        while found := list(islice(hits, pace.documents)):
            yield found


def _ago(days: float) -> int:
    return now_ms() - round(days * DAY_MS)


def _term(field: str, value: str) -> dict[str, Any]:
    return {"term": {field: value}}


def _since(field: str, oldest: int) -> dict[str, Any]:
    return {"range": {field: {"gte": oldest, "format": "epoch_millis"}}}


def _all_of(*conditions: dict[str, Any], but: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    return {"bool": {"filter": list(conditions), "must_not": list(but)}}
