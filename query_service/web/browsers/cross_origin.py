"""Requests of browsers from pages of other origins (CORS)."""

from urllib.parse import urlsplit

from flask import Flask, Response, request

from query_service.setting_texts.page_origins import page_origins
from query_service.settings import ServiceSettings
from query_service.web.errors import ApiProblem
from query_service.web.json_body import is_plain

# What is not below these is for the service's own pages and the shop's systems.
PATHS = ("/v1/", "/1/", "/ubi_events", "/ubi_queries")
MAX_AGE_S = 86_400  # a browser asks at most so often whether it may; some cap it at two hours
_HEADERS = (
    "Authorization, Content-Type, X-Request-Id, X-Session-Token, X-Algolia-Application-Id, "
    "X-Algolia-API-Key, X-Algolia-Agent, X-Algolia-UserToken"
)
_READABLE = (
    "X-Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
    "RateLimit-Policy"
)


class CrossOrigin:
    """Which origins may call, and the headers that tell browsers so."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._origins = page_origins(settings.cors_origins)

    def install(self, app: Flask) -> None:
        """Refuse plain bodies from other origins, and add the headers to answers."""
        app.before_request(self._refuse)
        app.after_request(self._add_headers)

    def _refuse(self) -> None:
        """Raise ApiProblem for a body that a browser sends without asking first (a preflight).

        JSON needs no check here: of a page of another origin the browser asks first.
        """
        origin = request.headers.get("Origin", "")
        if request.method != "POST" or not origin or not is_plain(request.mimetype):
            return
        is_own = urlsplit(origin).netloc == request.host
        if not is_own and origin not in self._origins:
            raise ApiProblem(
                403, f"Pages of {origin[:200]} may not call: it is not in LIVE_INTENT_CORS_ORIGINS."
            )

    def _add_headers(self, response: Response) -> Response:
        if not self._origins or not request.path.startswith(PATHS):
            return response
        response.headers.add("Vary", "Origin")
        if request.headers.get("Origin") in self._origins:
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Expose-Headers"] = _READABLE
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Headers"] = _HEADERS
                response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
                response.headers["Access-Control-Max-Age"] = str(MAX_AGE_S)
        return response
