"""Visitors from the session store, their vectors in the space of the index that answers."""

import time
from dataclasses import replace
from typing import Any

from query_service.context import QueryEncoder, RequestContext
from query_service.items.item_reader import ItemReader
from query_service.records.answer_record import ATTRIBUTE, answer_record
from query_service.retrieval.candidates.candidates import Candidates
from query_service.schemas.search.answers import SearchResponse
from query_service.schemas.search.requests import RankRequest
from query_service.schemas.search.where import WhereSearch
from query_service.sessions.reader import SessionsUnreadable
from query_service.sessions.store import SessionStore
from query_service.sessions.ubi.answer_fields import answer_fields
from query_service.user.engine_vectors import query_meaning
from query_service.user.intent import Intent
from query_service.user.visitor import Event, PastQuery, Visitor


class SessionVisitors:
    """A `VisitorSource` and `QueryRecorder` over the session store."""

    def __init__(self, store: SessionStore, items: ItemReader, encoder: QueryEncoder) -> None:
        self._store = store
        self._items = items
        self._encoder = encoder

    def visitor(self, context: RequestContext) -> Visitor:
        """The visitor who sends the request; unknown, and degraded, if the store is unreadable.

        Unknown too where the session has refused that it is read.
        """
        session_id, user_id = context.request.session_id, context.request.user_id or ""
        visitor = Visitor(session_id, user_id)
        with context.progress.stage("session"):
            try:
                visitor = self._store.read(
                    session_id,
                    user_id,
                    timeout_s=context.timeout_s(),
                    live_query=context.query_text,
                    as_of=context.as_of if context.cursor else None,
                )
            except SessionsUnreadable as error:
                reason = "answered without the session, which can't be read now"
                context.progress.degrade("session", reason, error, cause="unavailable")
                return visitor
            if not context.request.consent.within(visitor.consent).personalize:
                return Visitor(session_id, user_id, consent=visitor.consent)
            return self._in_current_space(self._within_limits(visitor, context), context)
        return visitor

    def record(
        self,
        context: RequestContext,
        intent: Intent,
        candidates: Candidates,
        answer: SearchResponse,
    ) -> None:
        """Record the query in the session, and in ubi_queries with how it was answered.

        A list without a query is a row of ubi_queries alone.
        """
        request = context.request
        assert not isinstance(request, RankRequest)
        query = PastQuery(
            query_text=context.query_text,
            timestamp=time.time() - context.progress.clock.elapsed_s(),  # when it arrived
            session_id=request.session_id,
            query_id=answer.query_id,
            vector=intent.query_embedding,
            fingerprint=context.view.bundle.spec.fingerprint,
            typed=isinstance(request, WhereSearch),  # its front ends search with each key
        )
        attributes: dict[str, Any] = {ATTRIBUTE: answer_record(context, intent.visitor, answer)}
        if context.offset:  # else a hit of the second page would count as one of the first
            attributes["from"] = context.offset
        self._store.record_query(
            query,
            user_id=request.user_id or "",
            attributes=attributes,
            hit_ids=[hit.item_id for hit in answer.hits],
            answer=answer_fields(
                answer,
                candidates,
                offset=context.offset,
                pivot=context.view.shards.popularity_pivot,
            ),
            meaning=query_meaning(intent.query_embedding, context.view.bundle),
            consent=request.consent,
        )

    def _within_limits(self, visitor: Visitor, context: RequestContext) -> Visitor:
        """The visitor without events on items that the caller's key leaves out.

        An explanation would name them, and they would count in the order.
        """
        forced, ids = context.forced, sorted({event.item_id for event in visitor.events})
        if not forced or not ids:
            return visitor
        known = set(self._items.within(context, ids, forced))
        return replace(
            visitor, events=tuple(each for each in visitor.events if each.item_id in known)
        )

    def _in_current_space(self, visitor: Visitor, context: RequestContext) -> Visitor:
        """The visitor with every vector in the current index's space.

        After a rebuild with another encoder the vectors stored with old events do not fit: the
        items' vectors are read again, and queries and comments are encoded again. Items that were
        unknown when their event came may be known now.
        """
        bundle = context.view.bundle
        space, fingerprint = bundle.vector_space, bundle.spec.fingerprint

        def is_stale(event: Event) -> bool:
            if event.vector is None:
                return bool(event.item_id)
            return event.vector_space != space

        stale = [event for event in visitor.events if is_stale(event)]
        stale_queries = [q for q in visitor.queries if q.fingerprint != fingerprint]
        if not stale and not stale_queries:
            return visitor
        ids = sorted({event.item_id for event in stale})
        known = self._items.known(context.view, ids, context.timeout_s())
        comments = [event.text for event in stale if event.text]
        texts = [query.query_text for query in stale_queries] + comments
        embeddings = self._encoder.encode_queries(texts) if texts else ()
        vectors = dict(zip(texts, embeddings, strict=True))

        def event_now(event: Event) -> Event:
            if not is_stale(event):
                return event
            item = known.get(event.item_id)
            text_vector = vectors.get(event.text)
            if item is None:
                return replace(event, vector=None, vector_space=space, text_vector=text_vector)
            return replace(
                event,
                title=event.title or item.title,
                features=event.features or item.features,
                vector=item.vector,
                vector_space=space,
                text_vector=text_vector,
            )

        def query_now(query: PastQuery) -> PastQuery:
            if query.fingerprint == fingerprint:
                return query
            return replace(query, vector=vectors[query.query_text], fingerprint=fingerprint)

        return replace(
            visitor,
            events=tuple(map(event_now, visitor.events)),
            queries=tuple(map(query_now, visitor.queries)),
        )
