"""Every error is a problem document: it names what is wrong, and no internals."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from gunicorn.http.errors import InvalidChunkSize
from pydantic import BaseModel

from plugin_config.errors import RequestRefused
from query_service.schemas.administration.items import ItemFields, ItemPatch
from query_service.schemas.administration.rules import RuleSet
from query_service.schemas.search.requests import RankRequest, RecommendRequest, SearchRequest
from query_service.schemas.search.suggest import SuggestRequest
from query_service.web.observability import logs
from tests.query_service.apps import app_without_cluster, client_without_cluster

SEARCH = {"query": "phone", "session_id": "s"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    app = app_without_cluster(tmp_path, max_body_bytes=2048, cors_origins="https://shop.example")

    @app.get("/broken", doc_ui=False)
    def broken() -> None:
        raise RuntimeError("the secret is 42")

    @app.get("/refused", doc_ui=False)
    def refused() -> None:
        raise RequestRefused("OpenSearch refuses: too many clauses at 10.1.2.3")

    yield app.test_client()
    app.extensions["live_intent"].close()


def problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.content_type == "application/problem+json"
    body = response.get_json(force=True)
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == "urn:request:" + response.headers["X-Request-Id"]
    return dict(body)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"query": ""}, "query"),
        ({"query": "x" * 513}, "query"),
        ({"query": 5}, "query"),
        ({"session_id": "two words"}, "session_id"),
        ({"size": -1}, "size"),
        ({"size": 101}, "size"),
        ({"from": -1}, "from"),
        ({"filters": {"price": {"gte": -1}}}, "filters.price.gte"),
        ({"filters": {"price": {"lte": 1e39}}}, "filters.price.lte"),  # infinite in the engine
        ({"filters": {"colour": "red"}}, "filters.colour"),
        ({"filters": {"price": {"gte": 9, "lte": 1}}}, "filters.price.lte"),
        ({"filters": {"attributes": {f"a{n}": "b" for n in range(51)}}}, "filters.attributes"),
        ({"filters": {"brand": 5}}, "filters.brand"),
        ({"filters": {"brand": ["a", 5]}}, "filters.brand.1"),
        ({"filters": {"brand": "x" * 513}}, "filters.brand.0"),
        ({"from": 9995, "size": 10}, "from"),
        ({"from": 10, "cursor": "W10"}, "cursor"),
        ({"from_": 3}, "from_"),
        ({"personalise": True}, "personalise"),
        ({"deadline_ms": 0}, "deadline_ms"),
        ({"sort": 5}, "sort"),
        ({"facets": [5]}, "facets.0"),
        ({"facets": [{"name": "price", "interval": True}]}, "facets.0.interval"),
        ({"facets": [{"name": "price", "interval": "hour"}]}, "facets.0.interval"),
        ({"highlight": 5}, "highlight"),
        ({"filters": {"attributes": {"a": None}}}, "filters.attributes.a"),
        ({"filters": {"attributes": {"a": {"gte": True}}}}, "filters.attributes.a.gte"),
        ({"filters": {"brand": {"any": 5}}}, "filters.brand.any"),
    ],
)
def test_a_wrong_field_is_named(client: FlaskClient, change: dict, field: str) -> None:
    body = problem(client.post("/v1/search", json=SEARCH | change), 422)
    assert [error["field"] for error in body["errors"]] == [field]
    assert field in body["detail"]


REQUESTS = (
    SearchRequest,
    RecommendRequest,
    RankRequest,
    SuggestRequest,
    ItemFields,
    ItemPatch,
    RuleSet,
)


def unions(schema: Any, path: str = "") -> Iterator[str]:
    """Where a core schema checks a value by several types, each of which would report an error."""
    if isinstance(schema, list | tuple):
        for part in schema:
            yield from unions(part, path)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "union":
        yield path
    if schema.get("type") in ("function-wrap", "function-plain"):  # the function checks it
        return
    for key, part in schema.items():
        if key not in ("json_schema_input_schema", "serialization", "metadata"):
            yield from unions(part, f"{path}/{key}" if isinstance(part, dict) else path)


@pytest.mark.parametrize("request_type", REQUESTS, ids=lambda each: each.__name__)
def test_no_field_of_a_request_is_checked_by_a_union(request_type: type[BaseModel]) -> None:
    assert not list(unions(request_type.__pydantic_core_schema__))


def test_more_filter_values_than_the_engine_takes_are_refused(tmp_path: Path) -> None:
    filters = {"brand": [str(n) for n in range(1001)]}
    large_bodies = client_without_cluster(tmp_path)
    body = problem(large_bodies.post("/v1/search", json=SEARCH | {"filters": filters}), 422)
    assert "at most 1000" in body["detail"]


def test_a_repeated_item_id_is_named(client: FlaskClient) -> None:
    body = problem(client.post("/v1/rank", json={"session_id": "s", "item_ids": ["a", "a"]}), 422)
    assert [error["field"] for error in body["errors"]] == ["item_ids"]
    assert "the id a " in body["detail"]


def test_several_wrong_fields_are_all_named(client: FlaskClient) -> None:
    body = problem(client.post("/v1/search", json={"size": -1}), 422)
    assert {error["field"] for error in body["errors"]} == {"query", "session_id", "size"}


@pytest.mark.parametrize("path", ["/v1/search", "/v1/recommend", "/v1/rank", "/v1/events"])
def test_unreadable_and_too_large_bodies_are_refused(client: FlaskClient, path: str) -> None:
    for text in ("", "{", "{'a': 1}", '{"a": NaN}', "[" * 2000, '{"a": "\\ud800"}'):
        problem(client.post(path, data=text, content_type="application/json"), 400)
    problem(client.post(path, data=b"\xff\xfe{", content_type="application/json"), 400)
    for text in ('"text"', "3", "null"):
        problem(client.post(path, data=text, content_type="application/json"), 422)
    problem(client.post(path, data="{}"), 415)
    problem(client.post(path, data="a=1", content_type="application/x-www-form-urlencoded"), 415)
    problem(client.post(path, data="{}", content_type="application/json; charset=latin-1"), 415)
    large = json.dumps({"query": "x" * 3000})
    problem(client.post(path, data=large, content_type="application/json"), 413)
    in_chunks = {"wsgi.input_terminated": True}
    response = client.post(
        path,
        input_stream=io.BytesIO(large.encode()),
        content_type="application/json",
        environ_overrides=in_chunks,
    )
    problem(response, 413)


class BrokenStream(io.BytesIO):
    """A body that the web server can't read on."""

    def read(self, size: int | None = -1) -> bytes:
        raise InvalidChunkSize(b"zz")

    def readinto(self, buffer: Any) -> int:
        raise InvalidChunkSize(b"zz")


@pytest.mark.parametrize("path", ["/v1/search", "/v1/events"])
def test_a_bad_chunk_size_is_a_client_s_mistake(client: FlaskClient, path: str) -> None:
    response = client.post(
        path,
        input_stream=BrokenStream(),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert "chunk" in problem(response, 400)["detail"]


@pytest.mark.parametrize("depth", [60, 900])
def test_a_deeply_nested_event_is_refused_by_its_field(tmp_path: Path, depth: int) -> None:
    client = client_without_cluster(tmp_path)
    nested = "{}"
    for _ in range(depth):
        nested = f'{{"more": {nested}}}'
    event = f'{{"action_name": "click", "client_id": "c", "event_attributes": {nested}}}'
    response = client.post("/v1/events", data=event, content_type="application/json")
    [error] = problem(response, 422)["errors"]
    assert error["field"] == "events.0.event_attributes"
    assert "nested more than 50 deep" in error["message"]
    search = f'{{"query": {nested}, "session_id": "s", "filters": {nested}}}'
    problem(client.post("/v1/search", data=search, content_type="application/json"), 422)


@pytest.mark.parametrize("path", ["/v1/search", "/v1/suggest", "/v1/joins", "/1/indexes/*/queries"])
def test_no_body_is_nested_deeper_than_any_needs(client: FlaskClient, path: str) -> None:
    for deep in ('{"a":' * 101 + "1" + "}" * 101, "[" * 900 + "]" * 900):
        answer = client.post(path, data=deep, content_type="application/json")
        assert answer.status_code == 422
        assert "nested more than 100 deep" in answer.get_data(as_text=True)
    wide = '{"a": [' + ",".join(["{}"] * 200) + "]}"
    answer = client.post(path, data=wide, content_type="application/json")
    assert "nested" not in answer.get_data(as_text=True)


def test_a_search_is_not_a_list(client: FlaskClient) -> None:
    problem(client.post("/v1/search", json=[SEARCH]), 422)


def test_unknown_paths_and_methods_are_problems(client: FlaskClient) -> None:
    problem(client.get("/v1/nothing"), 404)
    response = client.get("/v1/search")
    problem(response, 405)
    assert "POST" in response.headers["Allow"]
    problem(client.get("/v1/sessions/two%20words"), 422)


def test_events_that_are_all_malformed_are_a_422(client: FlaskClient) -> None:
    body = problem(client.post("/v1/events", json=[{"action": "click"}, 3]), 422)
    assert [error["field"] for error in body["errors"]] == ["events.0.item_id", "events.1"]
    problem(client.post("/v1/events", json=[]), 422)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/search", SEARCH),
        ("/v1/recommend", {"session_id": "s"}),
        ("/v1/rank", {"session_id": "s", "item_ids": ["1"]}),
        ("/v1/events", {"action": "click", "item_id": "1", "session_id": "s"}),
    ],
)
def test_without_a_cluster_a_503_has_retry_after(
    client: FlaskClient, path: str, body: dict
) -> None:
    response = client.post(path, json=body)
    problem(response, 503)
    assert response.headers["Retry-After"] == "1"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_503_is_a_plain_sentence_and_the_log_has_the_cause_by_request_id(
    client: FlaskClient, capsys: pytest.CaptureFixture[str], log_format: Any
) -> None:
    logs.configure("info", log_format)
    for method in ("GET", "DELETE"):
        headers = {"X-Request-Id": "find-me-1"}
        response = client.open("/v1/sessions/s", method=method, headers=headers)
        detail = problem(response, 503)["detail"]
        assert detail == "The search engine does not answer right now. Try again in a moment."
        text = response.get_data(as_text=True) + client.get("/readyz").get_data(as_text=True)
        for internal in ("127.0.0.1", "http", "Error", "urllib3"):
            assert internal not in text
        lines = [line for line in capsys.readouterr().err.splitlines() if "find-me-1" in line]
        assert any("answered 503" in line and "Connection" in line for line in lines), lines


def test_sessions_without_a_cluster_are_a_503(client: FlaskClient) -> None:
    problem(client.get("/v1/sessions/s"), 503)
    problem(client.delete("/v1/sessions/s"), 503)


def test_without_a_cluster_the_service_is_healthy_but_not_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert response.status_code == 503
    checks = response.get_json()["checks"]
    assert checks["opensearch"] == "The search engine does not answer right now."
    assert checks["index"]


def test_an_unexpected_error_shows_no_internals(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        response = client.get("/broken", headers={"X-Request-Id": "abc-1"})
    body = problem(response, 500)
    assert response.headers["X-Request-Id"] == "abc-1"
    assert "42" not in json.dumps(body)
    assert "the secret is 42" in caplog.text


def test_an_invalid_request_id_is_replaced(client: FlaskClient) -> None:
    response = client.get("/healthz", headers={"X-Request-Id": "two words"})
    assert response.headers["X-Request-Id"] != "two words"


def test_browsers_may_call_from_named_origins_only(client: FlaskClient) -> None:
    for origin, allowed in (("https://shop.example", True), ("https://else.example", False)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        response = client.options("/v1/search", headers=headers)
        assert response.status_code == 200
        assert (response.headers.get("Access-Control-Allow-Origin") == origin) == allowed
        response = client.post("/v1/search", json={}, headers={"Origin": origin})
        assert (response.headers.get("Access-Control-Allow-Origin") == origin) == allowed


def test_a_preflight_may_be_remembered_for_a_day(client: FlaskClient) -> None:
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    for path in ("/v1/events", "/1/events", "/ubi_events"):
        response = client.options(path, headers=headers)
        assert response.headers["Access-Control-Max-Age"] == "86400"
        for name in ("Content-Type", "Authorization", "X-Session-Token", "X-Algolia-API-Key"):
            assert name in response.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("path", ["/v1/events", "/1/events", "/ubi_events", "/ubi_queries"])
def test_plain_bodies_are_read_of_named_origins_and_of_our_own_pages_only(
    client: FlaskClient, path: str
) -> None:
    def post(**headers: str) -> Any:
        return client.post(path, data="[3]", content_type="text/plain", headers=headers)

    problem(post(Origin="https://shop.example"), 422)  # read, and it is no event
    problem(post(Origin="http://localhost"), 422)
    problem(post(), 422)
    body = problem(post(Origin="https://else.example"), 403)
    assert "LIVE_INTENT_CORS_ORIGINS" in body["detail"]


def test_a_plain_body_is_no_search(client: FlaskClient) -> None:
    body = json.dumps(SEARCH)
    problem(client.post("/v1/search", data=body, content_type="text/plain"), 415)


def test_no_origin_is_allowed_by_default(tmp_path: Path) -> None:
    client = client_without_cluster(tmp_path)
    response = client.post("/v1/search", json={}, headers={"Origin": "https://shop.example"})
    assert "Access-Control-Allow-Origin" not in response.headers


def test_the_log_names_no_visitor_and_no_query(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logs.configure("info", "json")
        client.get("/v1/sessions/visitor-77")
        client.post("/v1/search", json={"query": "very private", "session_id": "visitor-77"})
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    requests = [line for line in lines if line["logger"] == "live_intent.access"]
    assert [line["route"] for line in requests] == ["/v1/sessions/<session_id>", "/v1/search"]
    assert all(line["request_id"] for line in requests)
    assert "visitor-77" not in json.dumps(lines)
    assert "very private" not in json.dumps(lines)


def test_metrics_count_requests(client: FlaskClient) -> None:
    client.post("/v1/search", json={})
    text = client.get("/metrics").get_data(as_text=True)
    assert 'live_intent_request_seconds_count{route="/v1/search",status="422"} 1.0' in text


def test_what_the_engine_refuses_is_no_invitation_to_try_again(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get("/refused")
    body = problem(response, 500)
    assert "Retry-After" not in response.headers
    assert "10.1.2.3" not in str(body)
    assert "too many clauses at 10.1.2.3" in caplog.text
