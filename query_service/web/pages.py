"""The page to try the service at /, and the API's description at /docs: no request leaves here."""

import importlib.resources
from importlib.resources.abc import Traversable

from flask import Blueprint, Response, abort, request

_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# The viewer of the API's description sets styles from its script.
_DOCS_POLICY = _POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
_VIEWER = ("swagger-ui-bundle.js", "swagger-ui.css")


def pages() -> Blueprint:
    """The routes of both pages."""
    routes = Blueprint("pages", __name__)
    ours = importlib.resources.files("query_service.web") / "page"
    viewer = importlib.resources.files("flask_openapi3_swagger") / "templates" / "swagger"

    @routes.get("/")
    def index() -> Response:
        return _file(ours / "index.html", _POLICY)

    @routes.get("/page.<any(js, css):kind>")
    def page_file(kind: str) -> Response:
        return _file(ours / f"page.{kind}", _POLICY)

    @routes.get("/docs")
    def docs() -> Response:
        if request.path.endswith("/"):  # from there its relative links would lead nowhere
            return Response(status=308, headers={"Location": "../docs"})
        return _file(ours / "docs.html", _DOCS_POLICY)

    @routes.get("/docs/<name>")
    def docs_file(name: str) -> Response:
        if name == "docs.js":
            return _file(ours / name, _DOCS_POLICY)
        if name not in _VIEWER:
            abort(404)
        return _file(viewer / name.rsplit(".", 1)[1] / name, _DOCS_POLICY)

    return routes


def _file(path: Traversable, policy: str) -> Response:
    kind = path.name.rsplit(".", 1)[1]
    answer = Response(path.read_bytes(), content_type=f"{_TYPES[kind]}; charset=utf-8")
    answer.headers["Content-Security-Policy"] = policy
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-cache"
    return answer
