"""The shop page at /, and the API's description at /docs; all files are local."""

import importlib.resources
from importlib.resources.abc import Traversable
from pathlib import Path

from flask import Blueprint, Response, abort, request, send_from_directory

_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Swagger UI sets styles from its script.
_DOCS_POLICY = _POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
_SWAGGER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css")


# What a picture may do when it is opened by itself: an SVG could have a script.
_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_PICTURES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
_PICTURE_AGE_S = 3600


def pages(images: Path | None, image_origins: str = "") -> Blueprint:
    """The routes of both pages, and of the pictures in the folder `images` if there is one.

    `image_origins`: of pictures elsewhere that the shop page may show, separated by commas.
    """
    shop_policy = _POLICY.replace("data:", " ".join(["data:", *image_origins.split(",")]).strip())
    routes = Blueprint("pages", __name__)
    page = importlib.resources.files("query_service.web") / "page"
    shop = {file.name: file for file in (page / "shop").iterdir()}
    swagger = importlib.resources.files("flask_openapi3_swagger") / "templates" / "swagger"

    @routes.get("/")
    def index() -> Response:
        return _file(page / "index.html", shop_policy)

    @routes.get("/shop/<name>")
    def shop_file(name: str) -> Response:
        if name not in shop:
            abort(404)
        return _file(shop[name], shop_policy)

    @routes.get("/images/<name>")
    def picture(name: str) -> Response:
        kind = _PICTURES.get(Path(name).suffix.lower())
        if images is None or kind is None:
            abort(404)
        response = send_from_directory(
            images.resolve(), name, mimetype=kind, max_age=_PICTURE_AGE_S
        )
        response.headers["Content-Security-Policy"] = _PICTURE_POLICY
        return response

    @routes.get("/docs")
    def docs() -> Response:
        if request.path.endswith("/"):  # its relative links would break
            return Response(status=308, headers={"Location": "../docs"})
        return _file(page / "docs.html", _DOCS_POLICY)

    @routes.get("/docs/<name>")
    def docs_file(name: str) -> Response:
        if name == "docs.js":
            return _file(page / name, _DOCS_POLICY)
        if name not in _SWAGGER_FILES:
            abort(404)
        return _file(swagger / name.rsplit(".", 1)[1] / name, _DOCS_POLICY)

    return routes


def _file(path: Traversable, policy: str) -> Response:
    kind = path.name.rsplit(".", 1)[1]
    response = Response(path.read_bytes(), content_type=f"{_TYPES[kind]}; charset=utf-8")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-cache"
    return response
