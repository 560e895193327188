"""Metrics in Prometheus' text format, at /metrics.

With several processes PROMETHEUS_MULTIPROC_DIR names the folder that they share. It must be set
before this module is imported; /metrics then sums up all processes. Every label has few values:
none comes from a request's text, an id or an error's message.
"""

import os
import time
from functools import partial

from flask import Flask, Response, g
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from query_service.context import RequestContext
from query_service.schemas.behaviour.events import EventsResponse
from query_service.schemas.search.answers import RankResponse, SearchResponse
from query_service.schemas.search.requests import RecommendRequest
from query_service.schemas.search.suggest import SuggestResponse
from query_service.serving.batching import MAX_BATCH, BatchingEncoder
from query_service.serving.service import Service
from query_service.web.answer_notes import route_of_request
from query_service.web.observability.service_state import ServiceState

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_TEXTS = tuple(float(2**power) for power in range(MAX_BATCH.bit_length()))


class Metrics:
    """Counters and histograms of one app, and the state of the services that it watches."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        histogram = partial(Histogram, registry=self.registry)
        counter = partial(Counter, registry=self.registry)
        gauge = partial(Gauge, registry=self.registry, multiprocess_mode="livesum")
        self.requests = histogram(
            "live_intent_request_seconds",
            "Time of a request.",
            ["route", "status"],
            buckets=_SECONDS,
        )
        self.stages = histogram(
            "live_intent_stage_seconds",
            "Time of one stage of an answer.",
            ["stage"],
            buckets=_SECONDS,
        )
        self.answers = counter(
            "live_intent_answers", "Lists answered.", ["catalogue", "kind", "personalized"]
        )
        self.zero_results = counter(
            "live_intent_zero_results", "Lists without any hit.", ["catalogue", "kind"]
        )
        self.exposure = counter(
            "live_intent_exposure",
            "Exposure of what lists showed, 1 / log2(1 + position): of all, and of groups.",
            ["catalogue", "group"],
        )
        self.late = counter("live_intent_late_answers", "Lists after their deadline.", ["kind"])
        self.degraded = counter(
            "live_intent_degraded", "Answers that had to do without a stage.", ["stage", "cause"]
        )
        self.events = counter("live_intent_events", "Events by what became of them.", ["status"])
        self.events_refused = counter(
            "live_intent_events_refused",
            "Well-formed events that were not kept: by the cluster's state, or for a full disk.",
            ["cause"],
        )
        self.batches = histogram(
            "live_intent_encoder_batch_texts", "Queries encoded at once.", buckets=_TEXTS
        )
        self.lookups = counter(
            "live_intent_item_cache_lookups", "Candidates looked up in the cache.", ["result"]
        )
        self.cached = gauge("live_intent_item_cache_items", "Items in the cache of candidates.")
        self.kept_searches = counter(
            "live_intent_search_cache_lookups",
            "Searches that depend on no visitor, looked up in the cache.",
            ["result"],
        )
        self.rows = counter(
            "live_intent_query_rows", "Rows of ubi_queries, written or lost.", ["status"]
        )
        self.rows_waiting = gauge("live_intent_query_rows_waiting", "Rows not written yet.")
        self.refused = counter(
            "live_intent_requests_refused", "Requests that their sender may not make.", ["cause"]
        )
        self.counted_alone = gauge(
            "live_intent_rates_counted_alone",
            "Processes that count rates alone: LIVE_INTENT_RATE_STORAGE does not answer.",
        )
        self._state = ServiceState()
        self.registry.register(self._state)

    def count_refusal(self, cause: str) -> None:
        """Count a refused request: no_key, unknown, expired, scope, origin, rate, ..."""
        self.refused.labels(cause).inc()

    def set_counted_alone(self, alone: bool) -> None:
        """Say whether this process counts rates alone, although the settings name a storage."""
        self.counted_alone.set(int(alone))

    def watch(self, service: Service, catalogue: str) -> None:
        """Count what a service answers, encodes, caches and writes from now on."""
        self._state.services[catalogue] = service
        service.pipeline.preparation.items.on_lookup = self._count_lookup
        service.pipeline.preparation.kept.on_lookup = self._count_searches
        service.store.query_log.on_written = self._count_rows
        if isinstance(service.encoder, BatchingEncoder):
            service.encoder.on_batch = self.batches.observe

    def count_answer(self, catalogue: str, context: RequestContext, answer: SearchResponse) -> None:
        """Record a list: the time of each stage, and what is missing or late."""
        is_browse = isinstance(context.request, RecommendRequest)
        kind = (
            "rank" if isinstance(answer, RankResponse) else "recommend" if is_browse else "search"
        )
        self.answers.labels(catalogue, kind, str(answer.personalized).lower()).inc()
        if not answer.total.value:
            self.zero_results.labels(catalogue, kind).inc()
        for group, amount in context.progress.exposure.items():
            self.exposure.labels(catalogue, group).inc(amount)
        if context.progress.clock.left_ms() < 0:
            self.late.labels(kind).inc()
        self.count_stages(answer)

    def count_stages(self, response: SearchResponse | SuggestResponse) -> None:
        """Record the time of each stage, and the stages that are missing."""
        for stage, ms in response.timing_ms.items():
            if stage != "total":
                self.stages.labels(stage).observe(ms / 1000)
        for missing in response.degraded:
            self.degraded.labels(missing.stage, missing.cause).inc()

    def count_events(self, response: EventsResponse) -> None:
        """Count events by status."""
        for event in response.items:
            self.events.labels(event.status).inc()

    def _count_lookup(self, found: int, read: int, kept: int) -> None:
        self.lookups.labels("hit").inc(found)
        self.lookups.labels("miss").inc(read)
        self.cached.set(kept)

    def _count_searches(self, found: int, asked: int) -> None:
        self.kept_searches.labels("hit").inc(found)
        self.kept_searches.labels("miss").inc(asked)

    def _count_rows(self, written: int, lost: int, waiting: int) -> None:
        self.rows.labels("written").inc(written)
        self.rows.labels("lost").inc(lost)
        self.rows_waiting.set(waiting)

    def text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        if not os.environ.get(MULTIPROCESS):
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        registry.register(self._state)
        return generate_latest(registry)

    def install(self, app: Flask) -> None:
        """Time every request, and add the route GET /metrics."""

        @app.after_request
        def _observe(response: Response) -> Response:
            route = route_of_request()
            took_s = time.perf_counter() - g.started
            self.requests.labels(route, str(response.status_code)).observe(took_s)
            return response

        def metrics() -> Response:
            return Response(self.text(), content_type=CONTENT_TYPE_LATEST)

        app.add_url_rule("/metrics", "metrics", metrics)  # not by @app.get: not part of the API
