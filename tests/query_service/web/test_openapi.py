"""The OpenAPI document and its page, which loads nothing from other hosts."""

import json
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient

from plugin_config.errors import SettingsError
from plugin_config.settings import load
from query_service.settings import ServiceSettings
from tests.query_service.apps import client_without_cluster


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return client_without_cluster(tmp_path)


def test_it_describes_exactly_the_routes_of_the_api(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    assert {path: set(methods) for path, methods in document["paths"].items()} == {
        "/v1/search": {"post"},
        "/v1/recommend": {"post"},
        "/v1/rank": {"post"},
        "/v1/suggest": {"post", "delete"},
        "/v1/events": {"post"},
        "/1/events": {"post"},
        "/1/indexes/{index}/queries": {"post"},
        "/1/indexes/{index}/query": {"post"},
        "/1/indexes/{index}/facets/{facet}/query": {"post"},
        "/1/indexes/*/recommendations": {"post"},
        "/ubi_events": {"post"},
        "/ubi_queries": {"post"},
        "/v1/sessions": {"post"},
        "/v1/sessions/{session_id}": {"get", "delete"},
        "/v1/users/{user_id}": {"get", "delete"},
        "/v1/queries/{query_id}/explanation": {"get"},
        "/v1/joins": {"post"},
        "/v1/consents": {"post"},
        "/v1/joins/{session_id}": {"delete"},
        "/v1/items/{item_id}": {"put", "patch", "delete"},
        "/v1/items": {"post"},
        "/v1/rules": {"get", "put", "delete"},
    }
    search = document["paths"]["/v1/search"]["post"]
    errors = {"400", "401", "403", "410", "413", "415", "422", "429", "500", "503"}
    assert set(search["responses"]) == {"200", *errors}
    assert list(search["responses"]["503"]["content"]) == ["application/problem+json"]


@pytest.mark.parametrize("required", [False, True])
def test_it_says_which_key_each_operation_needs(tmp_path: Path, required: bool) -> None:
    client = client_without_cluster(tmp_path, require_keys=required)
    document = client.get("/openapi.json").get_json()
    anybody = [] if required else [{}]
    paths = document["paths"]
    assert paths["/v1/search"]["post"]["security"] == [*anybody, {"key": ["search"]}]
    front_end = [{"key": ["events"]}, {"frontEndKey": ["events"]}]
    assert paths["/1/events"]["post"]["security"] == [*anybody, *front_end]
    owner = [{"key": ["admin"]}, {"key": [], "sessionToken": []}]
    assert paths["/v1/sessions/{session_id}"]["get"]["security"] == [*anybody, *owner]
    named = {name for path in paths.values() for op in path.values()
             for each in op["security"] for name in each}  # fmt: skip
    assert named == set(document["components"]["securitySchemes"])


def test_it_is_valid_openapi_3_1(client: FlaskClient) -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    document = client.get("/openapi.json").get_json()
    assert not list(validator.OpenAPIV31SpecValidator(document).iter_errors())


def test_texts_with_a_pattern_have_an_example(client: FlaskClient) -> None:
    """Else a page that shows the document makes 60 random characters of the pattern."""
    schemas = client.get("/openapi.json").get_json()["components"]["schemas"]
    for name, schema in schemas.items():
        for field, content in schema.get("properties", {}).items():
            text = json.dumps(content)
            assert '"pattern"' not in text or '"example"' in text, (name, field)


def test_all_its_references_resolve(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert {"SearchRequest", "EventForm", "UbiEvent", "Problem", "Hit"} <= references
    assert references <= set(document["components"]["schemas"])


@pytest.mark.parametrize("page", ["/", "/docs"])
def test_pages_load_nothing_from_other_hosts(client: FlaskClient, page: str) -> None:
    response = client.get(page)
    text = response.get_data(as_text=True)
    assert response.status_code == 200
    assert "http" not in re.sub(r"<meta http-equiv|https?-equiv", "", text)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    for name in re.findall(r'(?:src|href)="([^"]+\.(?:js|css))"', text):
        assert client.get("/" + name).status_code == 200


def test_the_shop_page_shows_pictures_of_the_named_origins_alone(tmp_path: Path) -> None:
    def policy(path: str, **settings: str) -> str:
        answer = client_without_cluster(tmp_path, **settings).get(path)
        return str(answer.headers["Content-Security-Policy"])

    assert "img-src 'self' data:; base-uri" in policy("/")
    origins = "https://cdn.example.com, https://*.Example.com:8443/"
    named = "img-src 'self' data: https://cdn.example.com https://*.example.com:8443; base-uri"
    assert named in policy("/", image_origins=origins)
    assert "img-src 'self' data:; base-uri" in policy("/docs", image_origins=origins)
    assert "img-src 'self' data: https:; base-uri" in policy("/", image_origins="https:")


@pytest.mark.parametrize(
    "origins", ["cdn.example.com", "https://a.example/x", "*", "https://a; script-src *", "http:"]
)
def test_what_is_no_origin_of_pictures_is_refused(origins: str) -> None:
    with pytest.raises(SettingsError, match="LIVE_INTENT_IMAGE_ORIGINS"):
        load(ServiceSettings, image_origins=origins)


def test_docs_with_a_slash_redirects(client: FlaskClient) -> None:
    response = client.get("/docs/")
    assert response.status_code == 308
    assert urljoin("/docs/", response.headers["Location"]) == "/docs"


def test_no_other_files_are_served(client: FlaskClient) -> None:
    assert client.get("/docs/__init__.py").status_code == 404
    assert client.get("/docs/..%2f..%2fapp.py").status_code == 404
    assert client.get("/page.html").status_code == 404


def test_ids_are_texts_or_whole_numbers(client: FlaskClient) -> None:
    schemas = client.get("/openapi.json").get_json()["components"]["schemas"]
    for name in ("session_id", "item_id"):
        kinds = schemas["EventForm"]["properties"][name]["anyOf"]
        assert [kind["type"] for kind in kinds] == ["string", "integer"]
    re.compile(schemas["EventForm"]["properties"]["session_id"]["anyOf"][0]["pattern"])
