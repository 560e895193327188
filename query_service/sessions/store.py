"""The store of sessions: read before a search, written after it.

A click counts in the very next search: `record_events` returns when the session's document is
changed, and `read` is a realtime GET, which sees every change that is finished.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opensearchpy import OpenSearch

from plugin_config.client import engine_time_left
from plugin_config.ownership import ForeignIndex
from plugin_config.schema import IndexNames
from query_service.schemas.events import IMPRESSION, ReceivedEvent
from query_service.sessions import ubi_rows
from query_service.sessions.appends import BatchRow
from query_service.sessions.click_joins import ClickJoins
from query_service.sessions.document_writes import DocumentWrite, WriteResult
from query_service.sessions.documents import (
    KnownItem,
    SessionLimits,
    event_to_stored,
    milliseconds,
    now_ms,
    query_to_stored,
)
from query_service.sessions.erasure import Deleted, SessionErasure
from query_service.sessions.intake import (
    Encode,
    EventOutcome,
    after_write,
    event_id_of,
    event_with_item,
    text_vectors,
)
from query_service.sessions.joins import Joined, SessionJoins, SplitOff
from query_service.sessions.query_log import QueryLog
from query_service.sessions.query_removal import QueryRemoval, RemovedQuery
from query_service.sessions.reader import SessionReader
from query_service.sessions.resent_events import with_first_times
from query_service.sessions.session_export import SessionExport
from query_service.sessions.session_writes import ERASED, SessionWrites
from query_service.sessions.store_writer import StoreWriter
from query_service.user.visitor import Event, PastQuery, Visitor

writing = IndexNames.writing
Lookup = Callable[[Sequence[str]], Mapping[str, KnownItem]]


@dataclass(frozen=True)
class _RecordedQuery:
    """A query that waits to be written."""

    query: PastQuery
    user_id: str
    row: dict[str, Any]  # for ubi_queries
    stored: dict[str, Any]  # for the documents of session and user
    sent: bool = False  # by a client: a row of this service's own answer stays


class SessionStore:
    """Sessions, users and UBI rows of one set of indexes. Safe to use from many threads."""

    def __init__(
        self,
        client: OpenSearch,
        names: IndexNames,
        limits: SessionLimits | None = None,
        *,
        queue_size: int = 1000,
        write_interval_s: float = 0.2,
        count_impressions: bool = False,
    ) -> None:
        """`count_impressions`: in the user vector, as views; else they are in ubi_events alone."""
        self.client = client
        self.names = names
        self.limits = limits or SessionLimits()
        self._count_impressions = count_impressions
        self.refusal = ""  # why nothing may be written: an index is another application's
        self.query_log: QueryLog[_RecordedQuery] = QueryLog(
            self._write_queries, capacity=queue_size, interval_s=write_interval_s
        )
        self.writer = StoreWriter(client, names)
        self._reader = SessionReader(client, names, self.limits)
        self._writes = SessionWrites(client, names, self.writer, self.limits)
        self._export = SessionExport(client, names, self.limits)
        self._erasure = SessionErasure(client, names, self.writer, self.limits)
        self._joins = SessionJoins(client, names, self.writer, self.limits)
        self._query_removal = QueryRemoval(client, names, self.writer)
        self._clicks = ClickJoins(names, self.writer)

    def read(
        self,
        session_id: str,
        user_id: str = "",
        timeout_s: float | None = None,
        *,
        live_query: str = "",
        as_of: float | None = None,
    ) -> Visitor:
        """The visitor, in one round trip; empty if nothing is stored under these ids.

        Events and queries come oldest first. They include those of the user's earlier sessions and
        the queries of this process that wait to be written. Left out: repeats of `live_query`, and
        what was received after `as_of` (seconds since 1970).

        Raises:
            SessionsUnreadable: OpenSearch did not answer within `timeout_s`, or not in full; or a
                document is damaged.
        """
        # Taken before the documents are read. A query that is written in between is then in both,
        # and counts once by its id; taken afterwards, it would be in neither.
        waiting = [
            entry.stored
            for entry in self.query_log.waiting()
            if entry.query.session_id == session_id or (user_id and entry.user_id == user_id)
        ]
        return self._reader.read(
            session_id,
            user_id,
            waiting=waiting,
            timeout_s=timeout_s,
            live_query=live_query,
            as_of=as_of,
        )

    def record_events(
        self,
        events: Sequence[ReceivedEvent],
        lookup: Lookup,
        encode: Encode | None = None,
        *,
        arrived: float | None = None,
    ) -> list[EventOutcome]:
        """Store `events` in the session's document, the user's if known, and ubi_events.

        Those that do not count, impressions among them, are stored in ubi_events alone.
        `lookup` returns the stored data of items by id; `encode` returns e(text) of comments,
        float32 [n, D]. Returns one outcome per event, in order. An event with the `event_id` of a
        stored one changes nothing, even if the session has dropped that one for newer ones. So does
        one without `event_id` that equals a stored one in all fields, if it has a timestamp.
        `arrived` (seconds since 1970, None: now) is the latest time that an event can have. An
        event of before the session's or the user's erasure is rejected.

        Raises:
            ClusterUnavailable: OpenSearch did not answer; some events may be stored.
        """
        if not events:
            return []
        now = now_ms()
        latest = now if arrived is None else min(milliseconds(arrived), now)
        events = with_first_times(self.client, self.names, events)
        items = lookup(sorted({event.item_id for event in events if event.item_id}))
        texts = text_vectors([event.text for event in events], encode)
        rows: list[BatchRow] = []
        outcomes: list[EventOutcome] = []
        for received in events:
            item = items.get(received.item_id)
            event, note = event_with_item(received, item, texts.get(received.text), latest)
            event_id = event_id_of(received)
            row_id = ubi_rows.event_row_id(event.session_id, event_id)
            stored = None
            if counted := self._counted(received, event):
                stored = event_to_stored(counted, event_id=row_id, received_at=now)
            row = ubi_rows.event_row(
                event,
                user_id=received.user_id,
                client_id=received.client_id,
                received=received.ubi,
            )
            ubi = DocumentWrite("create", writing(self.names.ubi_events), row_id, row)
            happened = milliseconds(event.timestamp)
            rows.append(BatchRow(event.session_id, received.user_id, happened, ubi, event=stored))
            known = received.item_id in items or not received.item_id
            status: Any = "accepted" if known else "accepted_unknown_item"
            outcomes.append(EventOutcome(status, event_id, note))
        for index, target, result in self._send(rows):
            alone = target == "ubi" and rows[index].event is None
            outcomes[index] = after_write(outcomes[index], "row" if alone else target, result)
        for received, kept, outcome in zip(events, rows, outcomes, strict=True):
            if outcome.status != "rejected":
                self._clicks.add(received, kept.timestamp)
        return outcomes

    def _counted(self, received: ReceivedEvent, event: Event) -> Event | None:
        """The event as it counts in the user vector; None for one that does not."""
        if received.counts:
            return event
        if received.action == IMPRESSION and self._count_impressions:
            return replace(event, action="view")
        return None

    def record_query(
        self,
        query: PastQuery,
        *,
        user_id: str = "",
        client_id: str = "",
        attributes: Mapping[str, Any] | None = None,
        hit_ids: Sequence[str] = (),
        answer: Mapping[str, Any] | None = None,
        sent: bool = False,
    ) -> None:
        """Queue `query` for the session's document, the user's if known, and ubi_queries.

        Costs a few microseconds. A thread writes the query after `write_interval_s` at the latest;
        until then `read` of this process includes it. With a full queue it is written at once. A
        query that its session has already replaces that one: only its time moves. `sent`: a client
        sent it; where the query_id has a row already, that row stays.
        """
        query = replace(query, query_id=query.query_id or uuid.uuid4().hex)
        row = ubi_rows.query_row(
            query,
            user_id=user_id,
            client_id=client_id,
            attributes=attributes,
            hit_ids=hit_ids,
            answer=answer,
        )
        stored = query_to_stored(query, received_at=now_ms())
        self.query_log.add(_RecordedQuery(query, user_id, row, stored, sent))

    def export(self, session_id: str) -> dict[str, Any]:
        """Everything stored about a session, see `SessionExport.export`."""
        self.flush()
        return self._export.export(session_id)

    def join(self, session_id: str, user_id: str) -> Joined:
        """Give an anonymous session to a user, see `SessionJoins.join`."""
        self._check_ours()
        self.flush()
        return self._joins.join(session_id, user_id)

    def split(self, session_id: str) -> SplitOff:
        """Take a session from its user, see `SessionJoins.split`."""
        self.flush()
        return self._joins.split(session_id)

    def delete(self, session_id: str) -> Deleted:
        """Remove a session permanently, see `SessionErasure.delete`."""
        self.flush()
        return self._erasure.delete(session_id)

    def remove_query(self, session_id: str, query_text: str) -> RemovedQuery:
        """Remove one query of a visitor, see `QueryRemoval.remove`."""
        self.flush()
        # Other processes may have it in their queues: written later, it would be there again.
        time.sleep(2 * self.query_log.interval_s)
        return self._query_removal.remove(session_id, query_text)

    def delete_user(self, user_id: str) -> Deleted:
        """Remove a user and all their sessions, see `SessionErasure.delete_user`."""
        self.flush()
        return self._erasure.delete_user(user_id)

    def purge(self, older_than_days: float | None = None) -> Deleted:
        """Remove older data (default: expired data), see `SessionErasure.purge`."""
        days = self.limits.ttl_days if older_than_days is None else older_than_days
        return self._erasure.purge(days)

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all queries recorded so far are written, and the clicks on their hits.

        False after `timeout_s`.
        """
        left_s = engine_time_left()
        until = time.monotonic() + (timeout_s if left_s is None else min(timeout_s, left_s))
        written = self.query_log.flush(until - time.monotonic())
        return self._clicks.flush(max(until - time.monotonic(), 0)) and written

    def close(self, timeout_s: float = 5.0) -> None:
        """Write all waiting queries and clicks, and stop the background threads."""
        self.query_log.close(timeout_s)
        self._clicks.close(timeout_s)

    def _write_queries(self, entries: Sequence[_RecordedQuery]) -> list[_RecordedQuery]:
        """Write `entries`; return those that could not be written."""
        rows = []
        for entry in entries:
            session_id = entry.query.session_id
            row_id = ubi_rows.query_row_id(session_id, entry.query.query_id)
            alias = writing(self.names.ubi_queries)
            operation = "create" if entry.sent else "index"
            ubi = DocumentWrite(operation, alias, row_id, entry.row)
            happened = milliseconds(entry.query.timestamp)
            rows.append(BatchRow(session_id, entry.user_id, happened, ubi, query=entry.stored))
        results = self._send(rows)
        failed = {index for index, _, result in results if not (result.done or result is ERASED)}
        return [entries[index] for index in sorted(failed)]

    def _send(self, rows: Sequence[BatchRow]) -> Iterator[tuple[int, str, WriteResult]]:
        """Send all, see `SessionWrites.send`. Raises ForeignIndex: the indexes are not ours."""
        self._check_ours()
        return self._writes.send(rows)

    def _check_ours(self) -> None:
        if self.refusal:
            raise ForeignIndex(self.refusal)
