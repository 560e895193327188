"""What makes the requests of an app visible: metrics, the log, traces."""

from dataclasses import dataclass
from functools import partial

from flask import Flask

from query_service.context import RequestContext
from query_service.observability.tracing import Tracing
from query_service.schemas.search.answers import SearchResponse
from query_service.serving.service import Service
from query_service.settings import ServiceSettings
from query_service.web.answer_notes import note_answer
from query_service.web.observability.logs import log_requests
from query_service.web.observability.metrics import Metrics
from query_service.web.observability.request_traces import trace_requests


@dataclass(frozen=True)
class Seeing:
    """Shared by the apps of all catalogues. `tracing` None: off."""

    metrics: Metrics
    tracing: Tracing | None
    texts: bool  # whether logs and traces have the texts of queries

    @classmethod
    def of(cls, settings: ServiceSettings, service: Service) -> "Seeing":
        """As the settings say; ends with `service`. Raises SettingsError without the extra."""
        tracing = Tracing() if settings.traces else None
        if tracing is not None:
            service.at_close.append(tracing.close)
        return cls(Metrics(), tracing, settings.log_query_texts)

    def install(self, app: Flask, service: Service, catalogue: str) -> Metrics:
        """Trace, count and log the requests of an app, and what its service answers."""
        if self.tracing is not None:
            trace_requests(app, self.tracing)
        self.metrics.install(app)
        self.metrics.watch(service, catalogue)
        service.pipeline.on_answer = partial(self._answered, catalogue)
        log_requests(app)
        return self.metrics

    def _answered(self, catalogue: str, context: RequestContext, answer: SearchResponse) -> None:
        self.metrics.count_answer(catalogue, context, answer)
        note_answer(context, answer, texts=self.texts)
