"""The WSGI app: API, page, metrics and probes, around one running service."""

import re
import time
import uuid

import orjson
from flask import Response, g, request
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from plugin_config.settings import ClusterSettings
from query_service.context import QueryEncoder
from query_service.schemas.search import Problem
from query_service.service import Service, make_service
from query_service.settings import ServiceSettings
from query_service.web import errors, logs
from query_service.web.any_id import allow_any_id
from query_service.web.json_body import JsonRequest
from query_service.web.metrics import Metrics
from query_service.web.pages import pages
from query_service.web.routes import api

_REQUEST_ID = re.compile(r"[\w.:@-]{1,128}")


def create_app(
    settings: ServiceSettings,
    cluster: ClusterSettings,
    encoder: QueryEncoder | None = None,
    service: Service | None = None,
) -> OpenAPI:
    """The app around `service`, which the caller has started.

    Without one, the app makes a service from the settings and starts it. The caller closes it
    either way: `app.extensions["live_intent"].close()`. Raises EncoderMismatch, BundleError,
    ModelUnavailable, SettingsError.
    """
    if service is None:
        service = make_service(settings, cluster, encoder)
        service.start()
    app = OpenAPI(
        __name__,
        info=Info(
            title="Live Intent",
            version="1",
            description="Search and recommendation that answer what a visitor wants now.",
        ),
        doc_ui=False,
        static_folder=None,
        validation_error_model=Problem,
        validation_error_callback=errors.invalid,
    )
    app.request_class = JsonRequest
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    allow_any_id(app)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.extensions["live_intent"] = service

    @app.before_request
    def _begin() -> None:
        g.started = time.perf_counter()
        request_id = request.headers.get("X-Request-Id", "")
        g.request_id = request_id if _REQUEST_ID.fullmatch(request_id) else uuid.uuid4().hex

    metrics = Metrics()
    metrics.install(app)
    logs.log_requests(app)
    _add_headers(app, settings)
    errors.register(app)
    app.register_api(api(service, metrics))
    app.register_blueprint(pages())
    _add_probes(app, service)
    return app


def _add_headers(app: OpenAPI, settings: ServiceSettings) -> None:
    origins = {origin.strip().rstrip("/") for origin in settings.cors_origins.split(",")} - {""}

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-store")
        if not origins or not request.path.startswith("/v1/"):
            return response
        response.headers.add("Vary", "Origin")
        if request.headers.get("Origin") in origins:
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Expose-Headers"] = "X-Request-Id, Retry-After"
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Headers"] = "Content-Type, X-Request-Id"
                response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
                response.headers["Access-Control-Max-Age"] = "600"
        return response


def _add_probes(app: OpenAPI, service: Service) -> None:
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

    @app.get("/openapi.json", doc_ui=False)
    def openapi() -> Response:
        return Response(orjson.dumps(app.api_doc), content_type="application/json")
