"""A running query service, assembled once; safe to use from many threads."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from opensearchpy import OpenSearch

from indexer.index.context import IndexContext
from indexer.settings import IndexSettings
from plugin_config.connection.engine_deadline import ENGINE_DEADLINE
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.access.key_ring import KeyRing
from query_service.access.key_store import KeyStore
from query_service.context import QueryEncoder, RetrievalOptions
from query_service.experiments.arm import ArmMaker
from query_service.experiments.experiment_book import ExperimentBook
from query_service.experiments.experiment_store import ExperimentStore
from query_service.index_view import IndexNotReady, IndexViews
from query_service.insights.insights import Insights
from query_service.instantsearch.frozen_pages import FrozenPages
from query_service.instantsearch.index_names import IndexNamesSpoken
from query_service.instantsearch.searches import InstantSearches
from query_service.items.item_locks import ItemLocks
from query_service.items.item_reader import ItemReader
from query_service.items.item_writer import ItemWriter
from query_service.models import Models, load_models
from query_service.pipeline import Pipeline
from query_service.preparation.preparation import Preparation
from query_service.records.query_explanation import QueryExplanations
from query_service.retention.retention_watch import RetentionWatch
from query_service.rules.rule_book import RuleBook
from query_service.rules.rule_store import RuleStore
from query_service.schemas.behaviour.events import ReceivedEvent, ReceivedQuery
from query_service.schemas.search.explanations import QueryExplanation
from query_service.serving.batching import BatchingEncoder
from query_service.serving.first_searches import FirstSearches
from query_service.serving.health_checks import HealthChecks
from query_service.serving.readiness import Readiness, ReadinessWatch
from query_service.serving.session_indexes import SessionIndexes
from query_service.sessions.documents import KnownItem
from query_service.sessions.intake import EventOutcome
from query_service.sessions.limits import limits_of
from query_service.sessions.store import SessionStore
from query_service.settings import ServiceSettings
from query_service.suggestions.suggester import Suggester
from query_service.user.engine_vectors import query_meaning
from query_service.user.visitor import PastQuery
from query_service.visitors import SessionVisitors

MAX_CHECK_PAUSE_S = 1.0
REPLACEMENT_S = 5.0  # for all first reads of a process that replaces another: clients may wait


class Service:
    """`pipeline` answers searches, `suggester` completes what is typed; `store` keeps sessions and
    events; `item_writer` changes items.

    Call `start` before use and `close` at the end.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        cluster: ClusterSettings,
        client: OpenSearch,
        encoder: QueryEncoder,
        models: Models,
        *,
        key_ring: KeyRing | None = None,
        shared: Path | None = None,
    ) -> None:
        """`key_ring`: that of another service; without, its own. `shared`: the folder of the
        service's processes; None: this is the only one.
        """
        self.shared = shared
        names = IndexNames(cluster.index_prefix)
        self.encoder = encoder
        self.models = models
        self.beside: list[Service] = []  # of other catalogues, which start and end with this one
        self.store = SessionStore(
            client,
            names,
            limits_of(settings),
            count_impressions=settings.impressions_count,
            pseudonyms=settings.pseudonyms,
            shared=shared,
        )
        self._stopping = False
        self.waits = False  # for an index that fits
        self.at_close: list[Callable[[], None]] = []  # what else ends with it
        self._items = ItemReader(client)
        self._lookup_timeout_s = cluster.opensearch_timeout_s
        self._views = IndexViews(
            client,
            names,
            encoder.spec,
            cluster.bundles_dir,
            settings.swap_poll_s,
            before_use=SessionIndexes(client, names, self.store).ensure,
            before_swap=FirstSearches(client, lambda: self.pipeline),
            fall_back=True,
        )
        self._owns_keys = key_ring is None
        self.key_ring = key_ring or KeyRing(
            KeyStore(client, names), settings.keys_poll_s, settings.keys_kept_s
        )
        self.rule_store = RuleStore(client, names)
        self.rule_book = RuleBook(self.rule_store, settings.swap_poll_s)
        self._retention = RetentionWatch(self.store, settings)
        arms = ArmMaker(settings, models, self.rule_book, self._load_models)
        self.experiment_book = ExperimentBook(
            ExperimentStore(client, names), arms, settings.swap_poll_s
        )
        checks = HealthChecks(
            client,
            names,
            views=self._views,
            writer=self.store.writer,
            key_ring=self.key_ring,
            rule_book=self.rule_book,
            experiments=self.experiment_book,
        )
        pause_s = min(settings.swap_poll_s, MAX_CHECK_PAUSE_S)
        self._readiness = ReadinessWatch(checks.result, pause_s)
        self._explanations = QueryExplanations(client, names, self.store.limits)
        self.item_writer = ItemWriter(
            IndexContext(client, names, _update_settings(cluster), cluster.bundles_dir),
            encoder.encoder if isinstance(encoder, BatchingEncoder) else encoder,
            ItemLocks(shared),
        )
        visitors = SessionVisitors(self.store, self._items, encoder)
        self.pipeline = Pipeline(
            self._views,
            Preparation(client, encoder, visitors, settings, models.user_model),
            models.reranker,
            self._items,
            visitors,
            options=RetrievalOptions(
                titles=models.reranker.reads_titles,
                global_statistics=settings.global_statistics,
                explained_hits=settings.explained_hits,
                keeps_recommendations=settings.keep_recommendations,
            ),
            deadline_ms=settings.default_deadline_ms,
            engine_timeout_s=cluster.opensearch_timeout_s,
            diversity=settings.diversity,
            exposure=settings.exposure_floors,
            rules=self.rule_book,
            bundle=models.bundle,
            experiments=self.experiment_book,
        )
        self.instant_searches = InstantSearches(
            self.pipeline,
            IndexNamesSpoken.of(settings.instantsearch_index, settings.instantsearch_replicas),
            settings.threads,
            FrozenPages(shared and shared / f"{names.prefix}pages.sqlite"),
        )
        self.insights = Insights(
            client,
            names,
            least_sessions=load(IndexSettings).suggest_min_sessions,
            timeout_s=cluster.opensearch_timeout_s,
        )
        self.suggester = Suggester(
            client,
            names,
            self._views,
            self.store,
            deadline_ms=settings.default_deadline_ms,
            engine_timeout_s=cluster.opensearch_timeout_s,
            threads=settings.threads,
        )

    def start(self, wait: bool = False) -> None:
        """Create missing indexes, load the view, and warm up the encoder.

        A cluster that does not answer is waited for; with `wait` an index that fits, too, and no
        longer than REPLACEMENT_S before the service answers. Raises EncoderMismatch, BundleError,
        KeysUnreadable.
        """
        from threadpoolctl import threadpool_limits

        self.waits = wait

        # A request's matrices are small: BLAS threads that wait for each other cost far more than
        # they gain (measured: 40 against 11 ms of CPU a search).
        threadpool_limits(1, user_api="blas")
        deadline = time.perf_counter() + REPLACEMENT_S if wait else None
        token = ENGINE_DEADLINE.set(deadline)
        try:
            self._views.start(wait)
            if self._owns_keys:
                self.key_ring.start(wait)
            self.rule_book.start()
            self.experiment_book.start()
        finally:
            ENGINE_DEADLINE.reset(token)
        self.encoder.encode_query("warm up")
        self._readiness.start()
        self._retention.start()

    def close(self) -> None:
        """Write the waiting queries, and stop the threads."""
        self._readiness.close()
        self._retention.close()
        self._views.close()
        self.rule_book.close()
        self.experiment_book.close()
        if self._owns_keys:
            self.key_ring.close()
        self.store.close()
        self.pipeline.close()
        self.instant_searches.close()
        self.suggester.close()
        for service in self.beside:
            service.close()
        for close in self.at_close:
            close()

    def ready(self) -> Readiness:
        """Whether a search can be answered, by the last check; it is a second or two old.

        A service that is about to end still answers, and is not ready.
        """
        latest = self._readiness.latest()
        if self._stopping:
            return Readiness(False, latest.checks | {"service": "stopping"})
        return latest

    def announce_stop(self) -> None:
        """Be ready no more: load balancers are to send no further requests."""
        for service in (self, *self.beside):
            service._stopping = True

    def explained(self, query_id: str) -> QueryExplanation:
        """Why the hits of a query were shown. Raises QueryUnknown, ClusterUnavailable."""
        self.store.settle()
        return self._explanations.of(query_id)

    def record_events(
        self, events: Sequence[ReceivedEvent], arrived: float | None = None
    ) -> list[EventOutcome]:
        """Write events; when it returns, the next search counts them.

        `arrived`: when their request did, in seconds since 1970. Raises ClusterUnavailable.
        """
        view = self._views.current()

        def lookup(item_ids: Sequence[str]) -> dict[str, KnownItem]:
            return self._items.known(view, item_ids, self._lookup_timeout_s)

        return self.store.record_events(
            events, lookup, self.encoder.encode_queries, arrived=arrived
        )

    def record_queries(
        self, queries: Sequence[ReceivedQuery], arrived: float | None = None
    ) -> None:
        """Queue queries that clients sent, as the visitors' earlier queries.

        `arrived`: as of `record_events`.
        """
        try:
            bundle = self._views.current().bundle
        except IndexNotReady:  # the plugin in OpenSearch does not count them then
            bundle = None
        texts = [query.query_text for query in queries]
        vectors = self.encoder.encode_queries(texts) if texts else ()
        for query, vector in zip(queries, vectors, strict=True):
            asked = PastQuery(
                query_text=query.query_text,
                timestamp=min(query.timestamp or math.inf, arrived or time.time()),
                session_id=query.session_id,
                query_id=query.query_id,
                vector=vector,
                fingerprint=self.encoder.spec.fingerprint,
            )
            self.store.record_query(
                asked,
                user_id=query.user_id,
                client_id=query.client_id,
                attributes=query.attributes,
                hit_ids=query.hit_ids,
                meaning=query_meaning(vector, bundle) if bundle else None,
                sent=True,
                consent=query.consent,
            )

    def _load_models(self, folder: Path | None) -> Models:
        """The models of a learned bundle, for a variant of an experiment. Raises BundleError."""
        encoder = self.encoder
        loaded = encoder.encoder if isinstance(encoder, BatchingEncoder) else encoder
        return load_models(folder, encoder.spec, device=getattr(loaded, "device", "cpu"))


def _update_settings(cluster: ClusterSettings) -> IndexSettings:
    """Settings of writes that a client waits for: few retries, and the cluster's time-out."""
    changes = {"bulk_retries": 1, "bulk_timeout_s": cluster.opensearch_timeout_s}
    return load(IndexSettings).model_copy(update=changes)
