"""Metrics in Prometheus' text format, at /metrics.

With several processes PROMETHEUS_MULTIPROC_DIR names the folder that they share. It must be set
before this module is imported; /metrics then sums up all processes.
"""

import os
import time
from functools import partial

from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from query_service.schemas.answers import SearchResponse
from query_service.schemas.events import EventsResponse
from query_service.schemas.suggest import SuggestResponse

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """Counters and histograms of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        histogram = partial(Histogram, buckets=_SECONDS, registry=self.registry)
        counter = partial(Counter, registry=self.registry)
        self.requests = histogram(
            "live_intent_request_seconds", "Time of a request.", ["route", "status"]
        )
        self.stages = histogram(
            "live_intent_stage_seconds", "Time of one stage of an answer.", ["stage"]
        )
        self.degraded = counter(
            "live_intent_degraded", "Answers that had to do without a stage.", ["stage"]
        )
        self.events = counter("live_intent_events", "Events by what became of them.", ["status"])
        self.events_refused = counter(
            "live_intent_events_refused",
            "Well-formed events that were not kept: by the cluster's state, or for a full disk.",
            ["cause"],
        )

    def count_response(self, response: SearchResponse | SuggestResponse) -> None:
        """Record the time of each stage, and the stages that are missing."""
        for stage, ms in response.timing_ms.items():
            if stage != "total":
                self.stages.labels(stage).observe(ms / 1000)
        for missing in response.degraded:
            self.degraded.labels(missing.stage).inc()

    def count_events(self, response: EventsResponse) -> None:
        """Count events by status."""
        for event in response.items:
            self.events.labels(event.status).inc()

    def text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        if not os.environ.get(MULTIPROCESS):
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def install(self, app: Flask) -> None:
        """Time every request, and add the route GET /metrics."""

        @app.after_request
        def _observe(response: Response) -> Response:
            route = request.url_rule.rule if request.url_rule else "(none)"
            took_s = time.perf_counter() - g.started
            self.requests.labels(route, str(response.status_code)).observe(took_s)
            return response

        def metrics() -> Response:
            return Response(self.text(), content_type=CONTENT_TYPE_LATEST)

        app.add_url_rule("/metrics", "metrics", metrics)  # not by @app.get: not part of the API
