"""OpenTelemetry traces: a span for each request, its steps, and each request to OpenSearch.

Off unless LIVE_INTENT_TRACES is set; then nothing of OpenTelemetry is imported. Where to send them
and which, OTEL_* say (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME, ...).
Steps become spans after they ended: a step costs a tuple, and what is not sampled nothing.
"""

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from plugin_config.errors import SettingsError
from query_service.observability.identity import RequestIds
from query_service.observability.incoming_ids import TRACEPARENT

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

SERVICE = "live-intent"
OPAQUE_ID = "X-Opaque-Id"
_ID = re.compile(r"(?<=/_doc/)[^/]+|(?<=/_update/)[^/]+")  # ids of documents are no names of spans


class Tracing:
    """Makes the trace of each request, and sends it. Made after a fork; `close` sends the rest."""

    def __init__(self) -> None:
        """Raises SettingsError without the extra `otel`."""
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise SettingsError(
                f"LIVE_INTENT_TRACES needs OpenTelemetry ({error}): pip install "
                "'opensearch-live-intent[otel]', or set it to false"
            ) from error
        named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": SERVICE}
        self._provider: TracerProvider = TracerProvider(resource=Resource.create(named))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer(SERVICE)

    def begin(self, name: str, started: float, traceparent: str) -> "OpenTelemetryTrace":
        """The trace of a request that arrived at `started`, by time.perf_counter()."""
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        parent = TraceContextTextMapPropagator().extract({TRACEPARENT: traceparent})
        clock = _Clock()
        span = self._tracer.start_span(
            name, parent, kind=SpanKind.SERVER, start_time=clock.at(started)
        )
        return OpenTelemetryTrace(self._tracer, span, clock)

    def close(self) -> None:
        """Send what waits."""
        self._provider.shutdown()


class _Clock:
    """time.perf_counter() as nanoseconds since 1970."""

    def __init__(self) -> None:
        self._zero = time.time_ns() - time.perf_counter_ns()

    def at(self, seconds: float) -> int:
        return self._zero + round(seconds * 1e9)


class OpenTelemetryTrace:
    """A `RequestTrace`: the request's span, and those below it."""

    def __init__(self, tracer: "Tracer", span: "Span", clock: _Clock) -> None:
        from opentelemetry.trace import set_span_in_context

        self._tracer, self._span, self._clock = tracer, span, clock
        self._below = set_span_in_context(span)

    def ids(self, ids: RequestIds) -> RequestIds:
        """The request's ids, with those of the trace."""
        context = self._span.get_span_context()
        return RequestIds(ids.request_id, f"{context.trace_id:032x}", f"{context.span_id:016x}")

    def step(self, name: str, begun: float, ended: float) -> None:
        """A span of a step that has ended."""
        if self._span.is_recording():
            start = self._clock.at(begun)
            span = self._tracer.start_span(name, self._below, start_time=start)
            span.end(self._clock.at(ended))

    @contextmanager
    def engine_call(self, method: str, path: str) -> Iterator["OpenTelemetryCall"]:
        """A span of a request to OpenSearch."""
        from opentelemetry.trace import SpanKind, StatusCode

        if not self._span.is_recording():  # the trace's id goes on, nothing else
            yield OpenTelemetryCall(self._span)
            return
        span = self._tracer.start_span(
            f"{method} {_ID.sub('ID', path)}", self._below, kind=SpanKind.CLIENT
        )
        span.set_attribute("db.system.name", "opensearch")
        try:
            yield OpenTelemetryCall(span)
        except Exception as error:
            span.set_status(StatusCode.ERROR, type(error).__name__)
            raise
        finally:
            span.end()

    def end(self, attributes: Mapping[str, Any], *, failed: bool) -> None:
        """End the request's span. `attributes`: without any text of a person."""
        from opentelemetry.trace import StatusCode

        self._span.set_attributes(dict(attributes))
        if failed:
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class OpenTelemetryCall:
    """An `EngineSpan`."""

    def __init__(self, span: "Span") -> None:
        self._span = span

    @property
    def headers(self) -> dict[str, str]:
        """W3C's traceparent with this span as the parent, and the trace id for slow logs."""
        context = self._span.get_span_context()
        trace_id = f"{context.trace_id:032x}"
        parent = f"00-{trace_id}-{context.span_id:016x}-{int(context.trace_flags):02x}"
        return {TRACEPARENT: parent, OPAQUE_ID: trace_id}

    def answered(self, answer: Any) -> None:
        """Note the engine's own time."""
        if isinstance(answer, dict) and "took" in answer:
            self._span.set_attribute("opensearch.took_ms", answer["took"])
