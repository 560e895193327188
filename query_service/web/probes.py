"""The probes and the metrics: answered from memory, by threads of their own."""

import orjson
from flask import Response
from flask_openapi3.openapi import OpenAPI

from query_service.serving.service import Service
from query_service.web import errors

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})  # no one of them may wait for anything


def add_probes(app: OpenAPI, service: Service) -> None:
    """Add GET /healthz and GET /readyz to the app."""

    @app.get("/healthz", doc_ui=False)
    def healthz() -> Response:
        return Response(b'{"status":"ok"}', content_type="application/json")

    @app.get("/readyz", doc_ui=False)
    def readyz() -> Response:
        readiness = service.ready()
        body = {"ready": readiness.ok, "checks": readiness.checks}
        response = Response(orjson.dumps(body), content_type="application/json")
        if not readiness.ok:
            response.status_code = 503
            response.headers["Retry-After"] = str(errors.RETRY_AFTER_S)
        return response
