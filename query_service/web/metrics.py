"""What Prometheus reads at /metrics.

With several processes PROMETHEUS_MULTIPROC_DIR names the folder that they share; it must be set
before this module is imported, and /metrics then tells of all processes together.
"""

import os
import time

from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from query_service.schemas.events import EventsResponse
from query_service.schemas.search import SearchResponse

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """Counters and times of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "live_intent_request_seconds",
            "Time of a request.",
            ["route", "status"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.stages = Histogram(
            "live_intent_stage_seconds",
            "Time of one stage of an answer.",
            ["stage"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.degraded = Counter(
            "live_intent_degraded",
            "Answers that had to do without a stage.",
            ["stage"],
            registry=self.registry,
        )
        self.events = Counter(
            "live_intent_events",
            "Events by what became of them.",
            ["status"],
            registry=self.registry,
        )

    def answered(self, answer: SearchResponse) -> None:
        """Counts the stages of an answer."""
        for stage, ms in answer.timing_ms.items():
            if stage != "total":
                self.stages.labels(stage).observe(ms / 1000)
        for missing in answer.degraded:
            self.degraded.labels(missing.stage).inc()

    def took_events(self, answer: EventsResponse) -> None:
        """Counts events by status."""
        for event in answer.items:
            self.events.labels(event.status).inc()

    def page(self) -> bytes:
        """The metrics in Prometheus' text form."""
        if not os.environ.get(MULTIPROCESS):
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def install(self, app: Flask) -> None:
        """Times every request, and answers GET /metrics."""

        @app.after_request
        def _observe(answer: Response) -> Response:
            route = request.url_rule.rule if request.url_rule else "(none)"
            took_s = time.perf_counter() - g.started
            self.requests.labels(route, str(answer.status_code)).observe(took_s)
            return answer

        def metrics() -> Response:
            return Response(self.page(), content_type=CONTENT_TYPE_LATEST)

        app.add_url_rule("/metrics", "metrics", metrics)
