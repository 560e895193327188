"""Every field of a request for hits or suggestions names itself where its value is wrong."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.query_service.apps import app_without_cluster

ROUTES: dict[str, tuple[str, dict[str, Any]]] = {
    "/v1/search": ("SearchRequest", {"query": "lamp", "session_id": "s"}),
    "/v1/recommend": ("RecommendRequest", {"session_id": "s"}),
    "/v1/rank": ("RankRequest", {"session_id": "s", "item_ids": ["1"]}),
    "/v1/suggest": ("SuggestRequest", {"session_id": "s", "prefix": "la"}),
}
ID = [None, "", " ", "two words", "x" * 129, 1.5, True, [], {}]
FLAG = ["yes", 1, 0, None, []]
WRONG: dict[str, list[Any]] = {
    "query": ["", " \n", "x" * 513, 5, [], {}],
    "prefix": [None, "x" * 129, 5, []],
    "session_id": ID,
    "user_id": ID[1:],
    "item_ids": [None, [], "1", [""], ["1", 1], [None], ["x" * 513], [str(n) for n in range(501)]],
    "price_list": ["", "a b", "x" * 33, "€", 5, ["EUR"]],
    "language": ["", "german", "d", "de at", 5, {}, True, [5], ["de", ""], ["de"] * 21],
    "explain": FLAG,
    "deadline_ms": [0, -1, 60_001, 1.5, "100", True],
    "size": [-1, 501, 1.5, "10", True, []],
    "from": [-1, 10_001, 1.5, "0", None],
    "cursor": [5, "x" * 200_001, []],
    "filters": [
        "red", [], {"colour": "red"}, {"brand": 5}, {"brand": {"none": "a"}}, {"brand": [None]},
        {"brand": {"exists": 1}}, {"category": {"gte": "a"}}, {"price": 5}, {"price": {"gte": "5"}},
        {"price": {"gte": -1}}, {"price": {"gte": 9, "lte": 1}}, {"available": "yes"},
        {"language": 5}, {"currency": "x" * 513}, {"group_id": ""}, {"group_id": {"gte": 1}},
        {"attributes": ["colour"]}, {"attributes": {"colour": {"lt": True}}},
        {"attributes": {"colour": [[]]}}, {"attributes": {"watts": {"gte": 1e301}}},
    ],
    "sort": [7, [], "", {"by": "price", "order": "up"}, {"order": "asc"}, {"by": "price", "to": 1}],
    "fields": ["title", [""], [5], ["x"] * 101, {}],
    "facets": [
        "brand", [5], [""], ["brand", "brand"], [f"attributes.{n}" for n in range(31)],
        [{"size": 5}], [{"name": "brand", "size": 0}], [{"name": "brand", "size": 201}],
        [{"name": "brand", "sort": "price"}], [{"name": "brand", "facet_query": "x" * 101}],
        [{"name": "price", "buckets": 51}], [{"name": "price", "buckets": True}],
        [{"name": "price", "interval": -1}], [{"name": "price", "interval": "hour"}],
        [{"name": "brand", "sizes": 1}],
    ],
    "highlight": [
        "yes", 1, [], {"fields": []}, {"fields": ["brand"]}, {"pre": "x" * 101}, {"post": None},
        {"fragment_size": 19}, {"fragment_size": 1001}, {"fragments": 0}, {"fragments": 6},
        {"tag": "b"},
    ],
    "collapse": ["yes", 1, "brand", []],
    "personalize": FLAG,
    "store": [each for each in FLAG if each is not None],
    "learn": [each for each in FLAG if each is not None],
    "scenario": ["", "Shop", "music", None, 1],
    "diversity": [-0.1, 1.01, "0.5", True, []],
    "exposure": [
        "long_tail", [], {}, {"floors": []}, {"floors": {"seller": 0.1}},
        {"floors": {"brand:": 0.1}},
        {"floors": {"new": 1.1}}, {"floors": {"new": "0.1"}}, {"floors": {"new": True}},
        {"floors": {"new": 0.1}, "max_cost": -0.1}, {"floors": {}, "cost": 0.1},
    ],
    "spelling": FLAG,
}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    app = app_without_cluster(tmp_path_factory.mktemp("state"))
    yield app.test_client()
    app.extensions["live_intent"].close()


@pytest.fixture(scope="module")
def fields(client: FlaskClient) -> dict[str, set[str]]:
    """The fields of each route's request, as the OpenAPI document has them."""
    schemas = client.get("/openapi.json").get_json()["components"]["schemas"]
    return {path: set(schemas[name]["properties"]) for path, (name, _) in ROUTES.items()}


def test_every_field_has_an_error_case(fields: dict[str, set[str]]) -> None:
    assert set.union(*fields.values()) == set(WRONG)


@pytest.mark.parametrize("path", ROUTES)
def test_a_wrong_value_is_a_422_that_names_its_field(
    client: FlaskClient, fields: dict[str, set[str]], path: str
) -> None:
    for name in sorted(fields[path]):
        for value in WRONG[name]:
            response = client.post(path, json=ROUTES[path][1] | {name: value})
            assert response.status_code == 422, (name, value, response.get_data(as_text=True))
            errors = response.get_json(force=True)["errors"]
            assert errors, (name, value)
            for error in errors:
                assert error["field"].split(".")[0] == name, (name, value, error)
                assert error["message"]


@pytest.mark.parametrize("path", ROUTES)
def test_a_missing_field_is_named_and_so_is_an_unknown_one(client: FlaskClient, path: str) -> None:
    _, body = ROUTES[path]
    for name in body:
        response = client.post(path, json={n: v for n, v in body.items() if n != name})
        assert [error["field"] for error in response.get_json(force=True)["errors"]] == [name]
    response = client.post(path, json=body | {"personalise": True})
    assert [e["field"] for e in response.get_json(force=True)["errors"]] == ["personalise"]
