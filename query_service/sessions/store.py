"""What visitors did and asked for, kept in OpenSearch: read before a search, written after.

A click counts in the very next search: `record_events` returns when the session's document is
changed, and `read` is a realtime GET, which never answers from before that change.
"""

import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.errors import LiveIntentError
from plugin_config.schema import IndexNames
from query_service.schemas.events import ReceivedEvent
from query_service.sessions import ubi_rows
from query_service.sessions.appends import Append, gather, upserts
from query_service.sessions.document_writes import DocumentWrite, send_documents
from query_service.sessions.documents import (
    KnownItem,
    SessionLimits,
    event_to_stored,
    now_ms,
    query_to_stored,
    session_document_id,
    user_document_id,
    visitor_from_documents,
)
from query_service.sessions.erasure import Deleted, SessionErasure
from query_service.sessions.intake import (
    Encode,
    EventOutcome,
    after_append,
    event_id_of,
    kept_event,
    noted,
    text_vectors,
)
from query_service.sessions.query_log import QueryLog
from query_service.user.visitor import PastQuery, Visitor

logger = logging.getLogger(__name__)

Lookup = Callable[[Sequence[str]], Mapping[str, KnownItem]]


class SessionsUnreadable(LiveIntentError):
    """What is known of the visitor can't be read now; answer without it, and say so."""


@dataclass(frozen=True)
class _RecordedQuery:
    """A query on its way into the session's document and ubi_queries."""

    query: PastQuery
    user_id: str
    row: dict[str, Any]
    stored: dict[str, Any]


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
    ) -> None:
        self.client = client
        self.names = names
        self.limits = limits or SessionLimits()
        self.query_log: QueryLog[_RecordedQuery] = QueryLog(
            self._write_queries, capacity=queue_size, interval_s=write_interval_s
        )
        self._erasure = SessionErasure(client, names)

    def read(self, session_id: str, user_id: str = "", timeout_s: float | None = None) -> Visitor:
        """The visitor, in one round trip; nothing kept makes an empty visitor.

        Events of the user's earlier sessions are among the events, oldest first, and so are
        queries of this process that wait to be written.

        Raises:
            SessionsUnreadable: OpenSearch did not answer within `timeout_s`, or not in full.
        """
        ids = [user_document_id(user_id)] if user_id else []
        ids.append(session_document_id(session_id))
        options = {} if timeout_s is None else {"request_timeout": timeout_s}
        try:
            answer = self.client.mget(body={"ids": ids}, index=self.names.sessions, **options)
        except OpenSearchException as error:
            raise SessionsUnreadable(f"the session can't be read: {error}") from error
        documents = []
        for document in answer["docs"]:
            problem = document.get("error", {}).get("type", "")
            if problem and problem != "index_not_found_exception":
                raise SessionsUnreadable(f"the session can't be read: {problem}")
            if document.get("found"):
                documents.append(document["_source"])
        waiting = [
            entry.stored
            for entry in self.query_log.waiting()
            if entry.query.session_id == session_id or (user_id and entry.user_id == user_id)
        ]
        try:
            return visitor_from_documents(
                session_id,
                user_id,
                documents,
                pending=waiting,
                oldest=self.limits.oldest(now_ms()),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SessionsUnreadable(f"the session's document is damaged: {error!r}") from error

    def record_events(
        self, events: Sequence[ReceivedEvent], lookup: Lookup, encode: Encode | None = None
    ) -> list[EventOutcome]:
        """Keep `events`: in the session's document, the user's if known, and in ubi_events.

        `lookup` gives what is known of items by their ids, `encode` float32 [n, D] of the texts
        that visitors wrote. One outcome per event, in order. An event with the `event_id` of one
        that is there already changes nothing; without `event_id` the same holds for an event that
        is equal in all, its timestamp given. A timestamp after now becomes now.

        Raises:
            ClusterUnavailable: OpenSearch did not answer; nothing is known to be kept.
        """
        if not events:
            return []
        now = now_ms()
        items = lookup(sorted({event.item_id for event in events if event.item_id}))
        texts = text_vectors([event.text for event in events], encode)
        writes: list[DocumentWrite] = []
        appends: dict[str, Append] = {}
        outcomes: list[EventOutcome] = []
        for place, given in enumerate(events):
            event, note = kept_event(given, items.get(given.item_id), texts.get(given.text), now)
            event_id = event_id_of(given)
            row_id = ubi_rows.event_row_id(event.session_id, event_id)
            stored = event_to_stored(event, event_id=row_id, received_at=now)
            gather(appends, place, given.session_id, given.user_id, event=stored)
            row = ubi_rows.event_row(
                event, user_id=given.user_id, client_id=given.client_id, received=given.ubi
            )
            writes.append(DocumentWrite("create", self.names.ubi_events, row_id, row))
            known = given.item_id in items or not given.item_id
            status: Any = "accepted" if known else "accepted_unknown_item"
            outcomes.append(EventOutcome(status, event_id, note))
        results = send_documents(
            self.client, [*upserts(appends, self.names.sessions, self.limits, now), *writes]
        )
        for append, result in zip(appends.values(), results[: len(appends)], strict=True):
            for place in append.places:
                outcomes[place] = after_append(outcomes[place], append.kind, result)
        for place, result in enumerate(results[len(appends) :]):
            if not result.done:
                logger.warning("an event is not in ubi_events: %s", result.reason)
                outcomes[place] = noted(outcomes[place], f"not in ubi_events: {result.reason}")
        return outcomes

    def record_query(
        self,
        query: PastQuery,
        *,
        user_id: str = "",
        client_id: str = "",
        attributes: Mapping[str, Any] | None = None,
        hit_ids: Sequence[str] = (),
    ) -> None:
        """Keep `query`, soon: in the session's document, the user's if known, and ubi_queries.

        Costs a few microseconds; a thread writes it within `write_interval_s`, and until then
        `read` of this process knows it all the same. With a full queue it writes at once. A query
        that is the same as the one before in its session only moves that one's time.
        """
        query_id = query.query_id or uuid.uuid4().hex
        row = ubi_rows.query_row(
            query,
            query_id=query_id,
            user_id=user_id,
            client_id=client_id,
            attributes=attributes,
            hit_ids=hit_ids,
        )
        stored = query_to_stored(query, query_id=query_id, received_at=now_ms())
        self.query_log.add(_RecordedQuery(replace(query, query_id=query_id), user_id, row, stored))

    def export(self, session_id: str) -> dict[str, Any]:
        """All that is kept of a session, see `SessionErasure.export`."""
        self.flush()
        return self._erasure.export(session_id)

    def delete(self, session_id: str) -> Deleted:
        """Remove a session for good, see `SessionErasure.delete`."""
        self._settle()
        return self._erasure.delete(session_id)

    def delete_user(self, user_id: str) -> Deleted:
        """Remove a user and all sessions of the user, see `SessionErasure.delete_user`."""
        self._settle()
        return self._erasure.delete_user(user_id)

    def purge(self, older_than_days: float | None = None) -> Deleted:
        """Remove what is older (default: what is expired), see `SessionErasure.purge`."""
        days = self.limits.ttl_days if older_than_days is None else older_than_days
        return self._erasure.purge(days)

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all queries recorded so far are written; False: not in that time."""
        return self.query_log.flush(timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what is left, and stop the background thread."""
        self.query_log.close(timeout_s)

    def _settle(self) -> None:
        """Have all queries asked so far written: here, and in other processes, which take as long.

        Else one that still waits there would bring back what is about to be erased.
        """
        self.flush()
        time.sleep(2 * self.query_log.interval_s)

    def _write_queries(self, entries: Sequence[_RecordedQuery]) -> list[_RecordedQuery]:
        """Write `entries`; those that could not be written come back."""
        appends: dict[str, Append] = {}
        rows = []
        for place, entry in enumerate(entries):
            session_id = entry.query.session_id
            gather(appends, place, session_id, entry.user_id, query=entry.stored)
            row_id = ubi_rows.query_row_id(session_id, entry.query.query_id)
            rows.append(DocumentWrite("index", self.names.ubi_queries, row_id, entry.row))
        results = send_documents(
            self.client, [*upserts(appends, self.names.sessions, self.limits, now_ms()), *rows]
        )
        failed = {
            place
            for append, result in zip(appends.values(), results[: len(appends)], strict=True)
            if not result.done
            for place in append.places
        }
        failed |= {place for place, result in enumerate(results[len(appends) :]) if not result.done}
        return [entries[place] for place in sorted(failed)]
