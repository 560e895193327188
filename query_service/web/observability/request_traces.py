"""Traces of the requests of an app, and what their spans say."""

from typing import Any

from flask import Flask, Response, g, request

from plugin_config.connection.request_trace import REQUEST_TRACE
from query_service.observability.identity import REQUEST_IDS
from query_service.observability.incoming_ids import TRACEPARENT
from query_service.observability.tracing import Tracing
from query_service.web.answer_notes import notes_of_request, route_of_request
from query_service.web.probes import PROBES


def trace_requests(app: Flask, tracing: Tracing) -> None:
    """Trace every request but probes, from its arrival to its response."""

    @app.before_request
    def _begin_trace() -> None:
        if request.path in PROBES:
            return
        sent = request.headers.get(TRACEPARENT, "")
        g.trace = tracing.begin(f"{request.method} {route_of_request()}", g.started, sent)
        REQUEST_TRACE.set(g.trace)
        REQUEST_IDS.set(g.trace.ids(REQUEST_IDS.get()))

    @app.after_request
    def _end_trace(response: Response) -> Response:
        trace = g.pop("trace", None)
        if trace is not None:
            trace.end(_attributes(response), failed=response.status_code >= 500)
        return response

    @app.teardown_request
    def _forget_trace(error: BaseException | None) -> None:
        REQUEST_TRACE.set(None)


def _attributes(response: Response) -> dict[str, Any]:
    notes = {f"live_intent.{name}": value for name, value in notes_of_request().items()}
    return {
        "http.request.method": request.method,
        "http.route": route_of_request(),
        "http.response.status_code": response.status_code,
        "live_intent.request_id": g.request_id,
        **notes,
    }
