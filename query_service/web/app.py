"""The WSGI app: API, page, metrics and probes, around one running service."""

import time

import orjson
from flask import Response, g, request
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from indexer.settings import EncoderSettings
from plugin_config.connection.engine_deadline import ENGINE_DEADLINE
from plugin_config.settings import ClusterSettings, load
from query_service.context import MIN_TIMEOUT_S, QueryEncoder
from query_service.observability.identity import NO_IDS, PERSONAL_TEXT, REQUEST_IDS
from query_service.observability.incoming_ids import REQUEST_ID, TRACEPARENT, incoming_ids
from query_service.schemas.problems import Problem
from query_service.serving.assembly import make_service, start_beside
from query_service.serving.service import Service
from query_service.sessions.rights.learned_bundles import LearnedBundles
from query_service.settings import ServiceSettings
from query_service.web import errors
from query_service.web.access.guard import Guard
from query_service.web.access.listening import asks_for_keys
from query_service.web.access.rate_limits import RateLimits
from query_service.web.any_id import allow_any_id
from query_service.web.behaviour.event_routes import event_routes
from query_service.web.behaviour.session_routes import session_routes
from query_service.web.browsers.cross_origin import CrossOrigin
from query_service.web.browsers.privacy_signal import hear_signal
from query_service.web.browsers.security_headers import SecurityHeaders
from query_service.web.deadlines import ARRIVED, REFUSED, Deadlines, is_search
from query_service.web.insights.insights_routes import insights_routes
from query_service.web.json_body import JsonRequest
from query_service.web.load.admission import LOAD_METRICS
from query_service.web.load.load_metrics import LoadMetrics
from query_service.web.observability.instrumentation import Seeing
from query_service.web.openapi_document import openapi_document
from query_service.web.pages import pages
from query_service.web.probes import PROBES, add_probes
from query_service.web.routes.instantsearch_routes import instantsearch_routes
from query_service.web.routes.item_routes import item_routes
from query_service.web.routes.query_routes import query_routes
from query_service.web.routes.rule_routes import rule_routes
from query_service.web.routes.search_routes import api
from query_service.web.routes.suggest_routes import suggest_routes
from query_service.web.scenarios import ScenarioPage, mount


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
    seeing = Seeing.of(settings, service)
    rates = RateLimits(settings, seeing.metrics, service.shared)
    app = _app_of(service, settings, seeing, rates, ScenarioPage.of_shop(settings))
    app.extensions[LOAD_METRICS] = LoadMetrics(seeing.metrics.registry)

    def beside(page: ScenarioPage) -> OpenAPI:
        prefix = f"{cluster.index_prefix}{page.scenario}-"
        own = cluster.model_copy(update={"index_prefix": prefix})
        return _app_of(start_beside(service, settings, own), settings, seeing, rates, page)

    mount(app, settings, beside)
    return app


def _app_of(
    service: Service,
    settings: ServiceSettings,
    seeing: Seeing,
    rates: RateLimits,
    page: ScenarioPage,
) -> OpenAPI:
    """The app of one catalogue."""
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

    _begin_requests(app)
    metrics = seeing.install(app, service, page.scenario)
    guard = Guard(service, settings, metrics, page.scenario)
    guard.install(app)
    rates.install(app)
    guard.install_refusals(app)
    _keep_deadlines(app, Deadlines(settings))
    hear_signal(app, settings.gpc_refuses)
    _add_headers(app)
    SecurityHeaders(settings.image_origins).install(app)
    CrossOrigin(settings).install(app)
    errors.register(app)
    app.register_api(api(service))
    app.register_api(suggest_routes(service, metrics, guard))
    app.register_api(instantsearch_routes(service.instant_searches))
    app.register_api(event_routes(service, metrics))
    bundles = LearnedBundles.beside(service.store, load(EncoderSettings).bundle)
    app.register_api(session_routes(service.store, guard, bundles))
    app.register_api(query_routes(service))
    app.register_api(item_routes(service.item_writer, allowed=settings.item_writes))
    app.register_api(rule_routes(service, allowed=settings.rule_writes))
    app.register_blueprint(pages(page, settings.images))
    app.register_blueprint(insights_routes(service.insights))
    add_probes(app, service)

    @app.get("/openapi.json", doc_ui=False)
    def openapi() -> Response:
        asked_for = asks_for_keys(settings, service.key_ring)
        document = openapi_document(app, keys_asked_for=asked_for)
        return Response(orjson.dumps(document), content_type="application/json")

    return app


def _begin_requests(app: OpenAPI) -> None:
    """Give each request an id."""

    @app.before_request
    def _begin() -> None:
        sent = request.headers.get
        ids = incoming_ids(sent(REQUEST_ID, ""), sent(TRACEPARENT, ""))
        REQUEST_IDS.set(ids)
        g.request_id = ids.request_id
        g.started = request.environ.get(ARRIVED, time.perf_counter())


def _keep_deadlines(app: OpenAPI, deadlines: Deadlines) -> None:
    """Give each request a deadline; answer 503 to one that waited past its deadline."""

    @app.before_request
    def _limit() -> None:
        if request.routing_exception is not None or request.path in PROBES:
            return
        if request.environ.get(REFUSED):
            raise errors.ApiProblem(
                503, "The service is busy: the request would wait past its deadline. Try again."
            )
        searches = is_search(request.method, request.path)
        body = request.get_json() if searches else None
        deadline = g.started + deadlines.of(request.method, request.path, body) / 1000
        ENGINE_DEADLINE.set(deadline + 2 * MIN_TIMEOUT_S if searches else deadline)
        # A deadline that nothing could keep is no sign of a queue: that request is answered late.
        if max(deadline, g.started + MIN_TIMEOUT_S) < time.perf_counter():
            raise errors.ApiProblem(
                503, "The service is busy: the request waited until its deadline. Try again."
            )

    @app.teardown_request
    def _end(error: BaseException | None) -> None:
        ENGINE_DEADLINE.set(None)
        REQUEST_IDS.set(NO_IDS)
        PERSONAL_TEXT.set("")


def _add_headers(app: OpenAPI) -> None:
    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers[REQUEST_ID] = g.request_id
        response.headers.setdefault("Cache-Control", "no-store")
        return response
