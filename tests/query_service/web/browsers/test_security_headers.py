"""The security headers of every route, and of every refusal."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from query_service.web import pages
from query_service.web.browsers.security_headers import DATA_POLICY
from tests.query_service.apps import app_without_cluster

PAGES = Path(pages.__file__).parent / "page"
POLICY = "Content-Security-Policy"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("app")
    (folder / "lamp.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return app_without_cluster(folder, images=folder)


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_every_route_has_them_whatever_it_answers(app, client):
    requests = {("GET", "/nothing/here"), ("POST", "/v1/search"), ("BREW", "/"), ("OPTIONS", "/")}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "none", rule.rule)
        requests |= {(method, path) for method in rule.methods or ()}
    requests |= {("GET", path) for path in ("/feed", "/page/shared/dom.js", "/images/lamp.svg")}
    assert len(requests) > 50
    for method, path in sorted(requests):
        headers = client.open(path, method=method).headers
        what = (method, path)
        assert headers["X-Content-Type-Options"] == "nosniff", what
        assert headers["X-Frame-Options"] == "DENY", what
        assert headers["Referrer-Policy"] == "no-referrer", what
        policy = headers[POLICY]
        assert policy.startswith("default-src 'none'"), what
        assert "frame-ancestors 'none'" in policy, what
        if not path.startswith(("/docs", "/images")):
            assert "unsafe" not in policy, what


@pytest.mark.parametrize(
    "path", ["/openapi.json", "/v1/search", "/nowhere", "/images/none.png", "/metrics", "/healthz"]
)
def test_what_is_no_page_may_do_nothing(client, path):
    assert client.get(path).headers[POLICY] == DATA_POLICY


def test_a_picture_that_is_opened_by_itself_runs_no_script(client):
    policy = client.get("/images/lamp.svg").headers[POLICY]
    assert "sandbox" in policy
    assert "script-src" not in policy  # so default-src 'none'


def test_only_the_docs_may_have_inline_styles_and_nothing_inline_scripts(client):
    assert "style-src 'self' 'unsafe-inline'" in client.get("/docs").headers[POLICY]
    for path in ("/", "/feed", "/video", "/docs", "/insights"):
        policy = client.get(path).headers[POLICY]
        assert "script-src 'self';" in policy, path
        assert ("'unsafe-inline'" in policy) == (path == "/docs"), path
        assert "unsafe-eval" not in policy, path


def test_no_page_has_an_inline_script_style_or_handler():
    files = [file for file in PAGES.rglob("*") if file.suffix in (".html", ".js")]
    assert len(files) > 30
    for file in files:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".html":
            assert not re.search(r"<style|<script(?![^>]*\bsrc=)|javascript:", text), file
            assert not re.search(r"<[^>]*\s(?:style|on\w+)\s*=", text), file
        else:
            parsed = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
            assert not re.search(parsed, text), file
