"""The store of sessions: read before a search, written after it.

A click counts in the very next search: `record_events` returns when the session's document is
changed, and `read` is a realtime GET, which sees every change that is finished.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path
from typing import Any

from opensearchpy import OpenSearch

from plugin_config.connection.engine_deadline import engine_time_left
from plugin_config.schema import IndexNames
from query_service.privacy.consent import NOTHING_REFUSED, RequestConsent
from query_service.privacy.pseudonyms import NO_PSEUDONYMS, Pseudonyms
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.sessions.appends import BatchRow
from query_service.sessions.document_writes import WriteResult
from query_service.sessions.documents import KnownItem, milliseconds, now_ms
from query_service.sessions.erasure.erasure import Deleted
from query_service.sessions.erasure.expiry import (
    SESSIONS,
    UBI_EVENTS,
    UBI_QUERIES,
    USERS,
    Expiry,
    Pace,
)
from query_service.sessions.event_rows import EventRows
from query_service.sessions.intake import Encode, EventOutcome, after_write, text_vectors
from query_service.sessions.limits import SessionLimits
from query_service.sessions.process_queues import WAIT_S, ProcessQueues
from query_service.sessions.query_log import QueryLog
from query_service.sessions.reader import SessionReader
from query_service.sessions.rights.visitor_rights import VisitorRights
from query_service.sessions.session_writes import ERASED, SessionWrites
from query_service.sessions.ubi.click_joins import ClickJoins
from query_service.sessions.ubi.recorded_query import RecordedQuery
from query_service.sessions.ubi.resent_events import with_first_times
from query_service.user.engine_vectors import QueryMeaning
from query_service.user.visitor import PastQuery, Visitor

Lookup = Callable[[Sequence[str]], Mapping[str, KnownItem]]

CHOICES_AT_ONCE = 8


class SessionStore(VisitorRights):
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
        pseudonyms: Pseudonyms = NO_PSEUDONYMS,
        shared: Path | None = None,
    ) -> None:
        """`count_impressions`: in the user vector, as views; else they are in ubi_events alone.

        `shared`: the folder of the service's processes; None: this is the only one.
        """
        super().__init__(client, names, limits or SessionLimits(), pseudonyms)
        self._count_impressions = count_impressions
        self.write_interval_s = write_interval_s
        self.query_log: QueryLog[RecordedQuery] = QueryLog(
            self._write_queries, capacity=queue_size, interval_s=write_interval_s
        )
        self._queues = ProcessQueues(shared, names.prefix)
        self.query_log.on_change = self._queues.note
        self._reader = SessionReader(client, names, self.limits, pseudonyms)
        self._writes = SessionWrites(client, names, self.writer, self.limits)
        self.expiry = Expiry(client, names, self.writer, self.limits)
        self._clicks = ClickJoins(names, self.writer)
        # Reads choices while items are looked up; its threads start with the first event.
        self._pool = ThreadPoolExecutor(CHOICES_AT_ONCE, thread_name_prefix="choices")

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
            if entry.query.query_text
            and entry.consent.asked.keeps_history
            and (entry.query.session_id == session_id or (user_id and entry.user_id == user_id))
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
        of = self.stored_names.pseudonyms.of
        session_ids = {event.session_id for event in events}
        choosing = self._pool.submit(copy_context().run, self._consents.of, session_ids)
        events = with_first_times(self.client, self.names, self.stored_names.hidden(events))
        items = lookup(sorted({event.item_id for event in events if event.item_id}))
        texts = text_vectors([event.text for event in events], encode)
        consents = {of(each): consent for each, consent in choosing.result().items()}
        kept = EventRows(self.names, self.limits, self._count_impressions, now, latest)
        kept.add(events, items, texts, consents)
        outcomes = kept.outcomes
        for number, target, result in self._send(kept.rows):
            index = kept.indexes[number]
            alone = target == "ubi" and kept.rows[number].event is None
            outcomes[index] = after_write(outcomes[index], "row" if alone else target, result)
        for index, row in zip(kept.indexes, kept.rows, strict=True):
            if outcomes[index].status != "rejected":
                self._clicks.add(events[index], row.timestamp)
        return outcomes

    def record_query(
        self,
        query: PastQuery,
        *,
        user_id: str = "",
        client_id: str = "",
        attributes: Mapping[str, Any] | None = None,
        hit_ids: Sequence[str] = (),
        answer: Mapping[str, Any] | None = None,
        meaning: QueryMeaning | None = None,
        sent: bool = False,
        consent: RequestConsent = NOTHING_REFUSED,
    ) -> None:
        """Queue a query for the session's document, the user's if known, and ubi_queries.

        Costs a few microseconds. A thread writes the query after `write_interval_s` at the latest;
        until then `read` of this process includes it. With a full queue it is written at once. A
        query that its session has already replaces that one: only its time moves. `meaning`: of the
        query in the index that answers. `sent`: a client
        sent it; where the query_id has a row already, that row stays. What the visitor refuses is
        not written.
        """
        if consent.asked.store:
            query = replace(query, query_id=query.query_id or uuid.uuid4().hex)
            recorded = RecordedQuery(
                query,
                user_id,
                client_id,
                attributes,
                tuple(hit_ids),
                answer,
                meaning=meaning,
                sent=sent,
                consent=consent,
            )
            self.query_log.add(recorded)

    def purge(self, older_than_days: float | None = None) -> Deleted:
        """Remove older data (default: expired data), see `Expiry.run`."""
        gone = dict(self.expiry.run(Pace(), older_than_days))
        return Deleted(**{name: gone[name] for name in (SESSIONS, USERS, UBI_QUERIES, UBI_EVENTS)})

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all queries recorded so far are written, and the clicks on their hits.

        False after `timeout_s`.
        """
        left_s = engine_time_left()
        until = time.monotonic() + (timeout_s if left_s is None else min(timeout_s, left_s))
        written = self.query_log.flush(until - time.monotonic())
        return self._clicks.flush(max(until - time.monotonic(), 0)) and written

    def settle(self) -> None:
        """Wait until all that is queued is written, in the other processes of the service, too."""
        self.flush()
        left_s = engine_time_left()
        self._queues.wait(WAIT_S if left_s is None else left_s / 2)

    def close(self, timeout_s: float = 5.0) -> None:
        """Write all waiting queries and clicks, and stop the background threads."""
        self.query_log.close(timeout_s)
        self._pool.shutdown(wait=False)
        self._clicks.close(timeout_s)
        self._queues.close()

    def _write_queries(self, entries: Sequence[RecordedQuery]) -> list[RecordedQuery]:
        """Write `entries`; return those that could not be written."""
        consents = self._consents.of({entry.query.session_id for entry in entries})
        held = [
            (each, each.consent.within(consents.get(each.query.session_id))) for each in entries
        ]
        kept = [(each, consent) for each, consent in held if consent.store]
        ids = self.stored_names.pseudonyms
        results = self._send([each.row(self.names, consent, ids) for each, consent in kept])
        failed = {index for index, _, result in results if not (result.done or result is ERASED)}
        return [kept[index][0] for index in sorted(failed)]

    def _send(self, rows: Sequence[BatchRow]) -> Iterator[tuple[int, str, WriteResult]]:
        """Send all, see `SessionWrites.send`. Raises ForeignIndex: the indexes are not ours."""
        self._check_ours()
        return self._writes.send(rows)
