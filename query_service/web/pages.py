"""The pages of the scenarios, and the API's description at /docs; all files are local."""

import importlib.resources
from importlib.resources.abc import Traversable
from pathlib import Path

from flask import Blueprint, Response, abort, request, send_from_directory

from query_service.web.scenarios import ScenarioPage

_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css"}
_SWAGGER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css")

_PICTURES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
_PICTURE_AGE_S = 3600


def pages(page: ScenarioPage, images: Path | None) -> Blueprint:
    """The routes of the pages, and of the pictures in the folder `images` if there is one."""
    routes = Blueprint("pages", __name__)
    folder = importlib.resources.files("query_service.web") / "page"
    texts = {
        name: _assembled(folder, name, page) for name in (page.scenario, *page.over_the_same_items)
    }
    swagger = importlib.resources.files("flask_openapi3_swagger") / "templates" / "swagger"

    @routes.get("/")
    def index() -> Response:
        if not request.environ.get("PATH_INFO"):  # /feed: its relative links would break
            name = request.script_root.rsplit("/", 1)[-1]
            return Response(status=308, headers={"Location": f"{name}/"})
        return page_response(texts[page.scenario], "html")

    @routes.get("/<any(feed, video):name>")
    def same_items(name: str) -> Response:
        if name not in texts or name == page.scenario:
            abort(404)
        if request.path.endswith("/"):  # as above
            return Response(status=308, headers={"Location": f"../{name}"})
        return page_response(texts[name], "html")

    @routes.get("/page/<any(shared, shop, feed, video, insights):part>/<name>")
    def page_file(part: str, name: str) -> Response:
        known = {file.name: file for file in (folder / part).iterdir()}
        kind = name.rsplit(".", 1)[-1]
        if name not in known or kind not in ("js", "css"):
            abort(404)
        return page_response(known[name].read_bytes(), kind)

    @routes.get("/images/<name>")
    def picture(name: str) -> Response:
        kind = _PICTURES.get(Path(name).suffix.lower())
        if images is None or kind is None:
            abort(404)
        return send_from_directory(images.resolve(), name, mimetype=kind, max_age=_PICTURE_AGE_S)

    @routes.get("/docs")
    def docs() -> Response:
        if request.path.endswith("/"):  # its relative links would break
            return Response(status=308, headers={"Location": "../docs"})
        return _file(folder / "docs.html")

    @routes.get("/docs/<name>")
    def docs_file(name: str) -> Response:
        if name == "docs.js":
            return _file(folder / name)
        if name not in _SWAGGER_FILES:
            abort(404)
        return _file(swagger / name.rsplit(".", 1)[1] / name)

    return routes


def _assembled(folder: Traversable, name: str, page: ScenarioPage) -> bytes:
    """The text of a scenario's page, with the parts that all pages share."""
    text = (folder / name / "index.html").read_text(encoding="utf-8")
    for part in ("head", "top", "list", "end"):
        html = (folder / "shared" / f"{part}.html").read_text(encoding="utf-8")
        text = text.replace(f"<!-- {part} -->\n", html)
    here = ' aria-current="page"'
    links = "".join(
        f'<a href="{address}"{here if current else ""}>{label}</a>'
        for label, address, current in page.links()
    )
    nav = f'<nav class="scenarios" aria-label="Pages">{links}</nav>' if links else ""
    return text.replace("<!-- pages -->", nav).encode()


def _file(path: Traversable) -> Response:
    return page_response(path.read_bytes(), path.name.rsplit(".", 1)[1])


def page_response(content: bytes, kind: str) -> Response:
    """A page or a file of one; `kind`: html, js or css."""
    response = Response(content, content_type=f"{_TYPES[kind]}; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response
