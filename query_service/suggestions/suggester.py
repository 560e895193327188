"""Answers requests for suggestions: session and engine at once, one round of counts if needed."""

import time
from concurrent.futures import Future
from contextlib import suppress

from opensearchpy import OpenSearch

from indexer.suggestions.suggestion import suggestion_key
from plugin_config.errors import LiveIntentError
from plugin_config.schema import IndexNames
from query_service.access.restrictions import request_limits
from query_service.index_view import IndexView, IndexViews
from query_service.observability.identity import PERSONAL_TEXT
from query_service.observability.traced_pool import TracedPool
from query_service.privacy.consent import RequestConsent
from query_service.progress import Clock, RequestProgress
from query_service.retrieval.engine_errors import IndexGone
from query_service.retrieval.filters.filters import FilterProblem, clauses
from query_service.retrieval.filters.forced_filters import forced_clauses
from query_service.retrieval.filters.language import language_of
from query_service.schemas.search.answers import degradations
from query_service.schemas.search.suggest import SuggestionHit, SuggestRequest, SuggestResponse
from query_service.sessions.reader import SessionsUnreadable
from query_service.sessions.store import SessionStore
from query_service.suggestions.engine_rounds import EngineRounds
from query_service.suggestions.suggestion_candidate import Candidate, without_price
from query_service.suggestions.suggestion_order import SessionTaste, in_order, mixed
from query_service.suggestions.typed_prefix import TypedPrefix
from query_service.user.visitor import Visitor

MOST_OWN = 3  # own queries, before anything else


class Suggester:
    """Suggestions from the current index. Safe to use from many threads."""

    def __init__(
        self,
        client: OpenSearch,
        names: IndexNames,
        views: IndexViews,
        store: SessionStore,
        *,
        deadline_ms: int,
        engine_timeout_s: float,
        threads: int,
    ) -> None:
        """`deadline_ms` where the request names none."""
        self._client, self._names = client, names
        self._views, self._store = views, store
        self._deadline_ms, self._engine_timeout_s = deadline_ms, engine_timeout_s
        self._pool = TracedPool(threads, thread_name_prefix="suggest")

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def suggest(self, request: SuggestRequest, arrived: float | None = None) -> SuggestResponse:
        """Completions of a prefix. Raises ClusterUnavailable, FilterProblem.

        A filter on an unknown attribute is tried again: an upsert may just have added it.
        """
        try:
            return self._answer(request, self._views.current(), arrived)
        except IndexGone:
            return self._answer(request, self._views.refresh(), arrived)
        except FilterProblem:
            with suppress(LiveIntentError):
                self._views.refresh()
            return self._answer(request, self._views.current(), arrived)

    def _answer(
        self, request: SuggestRequest, view: IndexView, arrived: float | None
    ) -> SuggestResponse:
        progress = RequestProgress(Clock(request.deadline_ms or self._deadline_ms, arrived))
        progress.note_partial_answers()
        PERSONAL_TEXT.set(request.prefix)
        language = language_of(view.attributes, request.language)
        attributes = view.attributes.in_language(language)
        work = EngineRounds(
            self._client,
            self._names,
            view,
            progress,
            self._engine_timeout_s,
            attributes=attributes,
        )
        limits = request_limits()
        limits.check_visitor(request.session_id, request.user_id)
        filters = [
            *forced_clauses(limits, view.attributes),
            *clauses(request.filters, attributes),
        ]
        prefix = TypedPrefix.of(request.prefix)
        reading = self._start_reading(request, work)
        # Nothing completes signs alone; where nothing is typed, anything may be meant.
        signs_alone = prefix.is_empty and bool(request.prefix.strip())
        found = [] if signs_alone else work.first(prefix, filters, request.size)
        visitor = self._visitor(reading, request.consent, progress)
        taste = SessionTaste(visitor, time.time())
        own = [] if signs_alone else _own_queries(visitor, prefix)
        ordered = in_order([*own, *found], taste)
        ordered = work.checked(prefix, ordered, filters, request.size)
        shown = mixed(ordered, request.size)
        if limits.price_list is not None:  # cards have the items' own prices
            shown = [without_price(candidate) for candidate in shown]
        progress.clock.step("order")
        return SuggestResponse(
            prefix=request.prefix,
            suggestions=[_hit(candidate, prefix) for candidate in shown],
            language=language or None,
            personalized=taste.known,
            timing_ms=progress.clock.timing(),
            degraded=degradations(progress),
            index=view.index,
        )

    def _start_reading(
        self, request: SuggestRequest, work: EngineRounds
    ) -> "Future[Visitor] | None":
        if not request.personalize:
            return None
        return self._pool.submit(
            self._store.read, request.session_id, request.user_id or "", work.timeout_s()
        )

    def _visitor(
        self,
        reading: "Future[Visitor] | None",
        consent: RequestConsent,
        progress: RequestProgress,
    ) -> Visitor | None:
        """The visitor; None where the session refuses it, and, degraded, where it can't be read."""
        if reading is None:
            return None
        with progress.stage("session"):
            try:
                visitor = reading.result(timeout=max(progress.clock.left_ms() / 1000, 0.001))
                return visitor if consent.within(visitor.consent).personalize else None
            except SessionsUnreadable as error:
                reason = "answered without the session, which can't be read now"
                progress.degrade("session", reason, error, cause="unavailable")
        return None


def _own_queries(visitor: Visitor | None, prefix: TypedPrefix) -> list[Candidate]:
    """The visitor's last queries that complete the prefix, the newest first."""
    own: dict[str, Candidate] = {}
    for query in reversed(visitor.queries if visitor else ()):
        key = suggestion_key(query.query_text)
        completion = prefix.completion(query.query_text, misspelt=False)
        if completion and key not in own:
            own[key] = Candidate("query", query.query_text, completion, own=True)
        if len(own) == MOST_OWN:
            break
    return list(own.values())


def _hit(candidate: Candidate, prefix: TypedPrefix) -> SuggestionHit:
    return SuggestionHit(
        type=candidate.type,
        text=candidate.text,
        highlighted=prefix.highlighted(candidate.text),
        filters=dict(candidate.filters),
        count=candidate.count,
        own=candidate.own,
        corrected=candidate.completion.corrected,
        item_id=candidate.item_id,
        source=dict(candidate.source) if candidate.source is not None else None,
    )
