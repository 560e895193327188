"""The parts of a running query service, put together once; safe to use from many threads."""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import OpenSearchException

from indexer.encoder_spec import EncoderSpec
from plugin_config.client import ping_or_raise
from plugin_config.errors import LiveIntentError
from plugin_config.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from query_service.index_view import Items, View, ViewHolder
from query_service.progress import Progress
from query_service.ranking.reranker import Scoring
from query_service.ranking.stage import Cost
from query_service.retrieval.candidates import LEGS
from query_service.retrieval.legs import unavailable
from query_service.schemas.search import (
    EventIn,
    RankRequest,
    RecommendRequest,
    SearchRequest,
    SearchResponse,
)
from query_service.sessions.documents import KnownItem, SessionLimits
from query_service.sessions.store import EventOutcome, SessionStore, SessionsUnreadable
from query_service.settings import ServiceSettings
from query_service.user.user_vector import FusionWeights, UserModel
from query_service.user.visitor import Event, PastQuery, Visitor

log = logging.getLogger(__name__)
Vectors = NDArray[np.float32]
# What no answer can do without gets this time even past the deadline: a little late is better
# than an error.
LEAST_S = 0.25


class QueryEncoder(Protocol):
    """What the service needs of an encoder; `BatchingEncoder` and `Encoder` both have it."""

    @property
    def spec(self) -> EncoderSpec: ...
    def encode_query(self, text: str) -> Vectors: ...
    def encode_queries(self, texts: Sequence[str]) -> Vectors: ...


@dataclass(frozen=True)
class Readiness:
    """Whether requests can be answered, and by which check not."""

    ok: bool
    checks: dict[str, str]


class Service:
    """Everything a request needs. `start` before use, `close` at the end."""

    def __init__(
        self,
        settings: ServiceSettings,
        cluster: ClusterSettings,
        client: OpenSearch,
        encoder: QueryEncoder,
        *,
        reranker: Scoring | None = None,
        user_model: UserModel | None = None,
    ) -> None:
        self.settings = settings
        self.client = client
        self.names = IndexNames(cluster.index_prefix)
        self.encoder = encoder
        self.reranker = reranker
        self.reads_titles = reranker is not None and reranker.reads_titles
        self.user_model = user_model
        # What an evaluation changes: the legs that are asked, and brute force in place of HNSW.
        self.legs = frozenset(LEGS)
        self.exact = False
        self.fusion_weights = FusionWeights(
            alpha=settings.alpha, beta=settings.beta, demand=settings.demand
        )
        self.cost = Cost()
        self.items = Items(client)
        self.views = ViewHolder(
            client,
            self.names,
            encoder.spec,
            cluster.bundles_dir,
            settings.swap_poll_s,
            prepare=self.make_indexes,
        )
        self._indexes_made = False
        limits = SessionLimits(
            session_events=settings.session_max_events,
            session_queries=settings.session_max_queries,
            user_events=settings.user_max_events,
            user_queries=settings.user_max_queries,
            ttl_days=settings.session_ttl_days,
        )
        self.store = SessionStore(client, self.names, limits)
        self._timeout_s = cluster.opensearch_timeout_s
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="encode")

    def start(self) -> None:
        """Makes the indexes that are missing, loads the view, and warms the models up.

        A cluster that does not answer is waited for. Raises EncoderMismatch, BundleError.
        """
        from threadpoolctl import threadpool_limits

        # A request's matrices are small: threads of the linear algebra library that wait for each
        # other cost far more than they bring (measured: 40 against 11 ms of CPU a search).
        threadpool_limits(1, user_api="blas")
        self.views.start()
        self.encoder.encode_query("warm up")

    def close(self) -> None:
        """Writes what waits to be written, and stops the threads."""
        self.views.close()
        self.store.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ready(self) -> Readiness:
        """Whether a search could be answered now."""
        checks: dict[str, str] = {}
        try:
            ping_or_raise(self.client)
            checks["opensearch"] = "ok"
        except LiveIntentError as error:
            checks["opensearch"] = str(error)
        try:
            checks["index"] = "ok: " + self.views.current().index
        except LiveIntentError as error:
            checks["index"] = str(error)
        if self.views.problem:
            checks["newest_index"] = self.views.problem
        ok = checks["opensearch"] == "ok" and checks["index"].startswith("ok")
        return Readiness(ok, checks)

    def timeout_s(self, progress: Progress, least_s: float = 0.001) -> float:
        """Seconds that a request to the engine may take: what is left of the deadline."""
        return max(min(self._timeout_s, progress.clock.left_ms() / 1000), least_s)

    def encode_soon(self, text: str) -> Future[Vectors]:
        """Starts to encode a query, while the session is read."""
        return self._pool.submit(self.encoder.encode_query, text)

    def encoded(self, encoding: Future[Vectors], progress: Progress) -> Vectors | None:
        """The query's embedding float32 [D]; None (and degraded) when it failed or is too late."""
        with progress.stage("encode"):
            return encoding.result(timeout=self.timeout_s(progress))
        return None

    def visitor(
        self,
        view: View,
        progress: Progress,
        request: SearchRequest | RecommendRequest | RankRequest,
    ) -> Visitor:
        """Who asks; an unreadable store gives an unknown visitor, and the answer says so."""
        visitor = Visitor(request.session_id, request.user_id or "", readable=False)
        with progress.stage("session"):
            try:
                visitor = self.store.read(
                    request.session_id, request.user_id or "", timeout_s=self.timeout_s(progress)
                )
            except SessionsUnreadable as error:
                progress.degrade("session", f"answered without the session: {error}")
                return visitor
            return self._in_space(view, visitor, progress)
        return visitor

    def record_events(self, events: Sequence[EventIn]) -> list[EventOutcome]:
        """Keeps events; when it returns, the next search counts them. Raises ClusterUnavailable."""
        view = self.views.current()

        def lookup(item_ids: Sequence[str]) -> dict[str, KnownItem]:
            return self.items.known(view, item_ids, self._timeout_s)

        return self.store.record_events(events, lookup, self.encoder.encode_queries)

    def sources(
        self, view: View, ids: Sequence[str], progress: Progress
    ) -> dict[str, dict[str, Any]]:
        """What a page of hits shows. Raises ClusterUnavailable."""
        return self.items.sources(view.index, ids, self.timeout_s(progress, LEAST_S))

    def remember_query(
        self,
        view: View,
        request: SearchRequest,
        embedding: Vectors | None,
        answer: SearchResponse,
    ) -> None:
        """Keeps the query with the session and in ubi_queries, after the answer is made."""
        query = PastQuery(
            query_text=request.query,
            timestamp=time.time(),
            session_id=request.session_id,
            query_id=answer.query_id,
            vector=embedding,
            fingerprint=view.bundle.spec.fingerprint,
        )
        self.store.record_query(
            query,
            user_id=request.user_id or "",
            # Where the page starts: else a hit of the second page would count as one of the first.
            attributes={"from": request.from_} if request.from_ else None,
            hit_ids=[hit.item_id for hit in answer.hits],
        )

    def make_indexes(self) -> None:
        """The indexes of sessions and events, before a view lets anyone write to them.

        Raises ClusterUnavailable when the cluster does not answer; that it forbids to make them is
        no reason not to start.
        """
        if self._indexes_made:
            return
        try:
            ensure_indexes(self.client, self.names)
            self._indexes_made = True
        except NoConnection as error:
            raise unavailable(error) from error
        except OpenSearchException as error:
            log.warning("the indexes of sessions and events are not made: %s", error)

    def _in_space(self, view: View, visitor: Visitor, progress: Progress) -> Visitor:
        """The visitor with every vector in the current index's space.

        After a rebuild with another encoder the vectors kept with old events do not fit: the
        items' vectors are read anew, and queries and comments are encoded anew.
        """
        space, fingerprint = view.bundle.vector_space, view.bundle.spec.fingerprint
        stale = [e for e in visitor.events if e.vector is not None and e.vector_space != space]
        old_queries = [q for q in visitor.queries if q.fingerprint != fingerprint]
        if not stale and not old_queries:
            return visitor
        ids = sorted({event.item_id for event in stale})
        known = self.items.known(view, ids, self.timeout_s(progress)) if ids else {}
        comments = [event.text for event in stale if event.text]
        texts = [query.query_text for query in old_queries] + comments
        vectors = dict(zip(texts, self.encoder.encode_queries(texts), strict=True)) if texts else {}

        def event_now(event: Event) -> Event:
            if event.vector is None or event.vector_space == space:
                return event
            item = known.get(event.item_id)
            return replace(
                event,
                vector=None if item is None else item.vector,
                vector_space=space,
                text_vector=vectors.get(event.text),
            )

        return replace(
            visitor,
            events=tuple(event_now(event) for event in visitor.events),
            queries=tuple(
                replace(query, vector=vectors[query.query_text], fingerprint=fingerprint)
                if query.fingerprint != fingerprint
                else query
                for query in visitor.queries
            ),
        )
