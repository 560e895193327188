"""Writes of items over HTTP before any cluster is asked: switched off, malformed, named fields."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from indexer.catalogue.reading.column_map import FIELDS
from query_service.schemas.administration.items import ItemFields
from query_service.web.routes.item_forms import OperationError, parse_operations
from tests.query_service.apps import client_without_cluster

WRITES = [
    ("PUT", "/v1/items/5", {"title": "Lamp"}),
    ("PATCH", "/v1/items/5", {"price": 3}),
    ("DELETE", "/v1/items/5", None),
    ("POST", "/v1/items", {"operations": [{"op": "delete", "item_id": "5"}]}),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    return client_without_cluster(tmp_path_factory.mktemp("state"), item_writes=True)


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_writes_are_refused_unless_a_setting_allows_them(
    tmp_path: Path, client: FlaskClient, method: str, path: str, body: Any
) -> None:
    refused = client_without_cluster(tmp_path).open(path, method=method, json=body)
    assert refused.status_code == 403
    assert "LIVE_INTENT_ITEM_WRITES=true" in refused.get_json(force=True)["detail"]
    assert client.open(path, method=method, json=body).status_code == 503  # no cluster here


def test_the_api_s_fields_of_an_item_are_those_of_a_catalogue() -> None:
    assert {"item_id", *ItemFields.model_fields} == set(FIELDS)


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PUT", "/v1/items/5", {"price": 3}, "title"),
        ("PUT", "/v1/items/5", {"title": "Lamp", "colour": "red"}, "colour"),
        ("PUT", "/v1/items/5", {"title": "Lamp", "price": "3"}, "price"),
        ("PUT", "/v1/items/5", {"title": "Lamp", "price": -1}, "price"),
        ("PUT", "/v1/items/5", {"title": "Lamp", "available": 0}, "available"),
        ("PATCH", "/v1/items/5", {"title": None}, "title"),
        ("PATCH", "/v1/items/5", {"updated_at": "someday"}, "updated_at"),
        ("DELETE", "/v1/items/5?version=5", None, "version"),
        ("DELETE", "/v1/items/5?refresh=true", None, "refresh"),
        ("POST", "/v1/items", {"operations": []}, "1 to 1000"),
        ("POST", "/v1/items", [], "operations"),
        ("POST", "/v1/items", {"operations": [{"op": "drop", "item_id": "5"}]}, "op"),
        ("POST", "/v1/items", {"operations": [{"op": "put", "item_id": "5"}]}, "operations.0.item"),
    ],
)
def test_a_malformed_write_is_a_422_that_says_what_is_wrong(
    client: FlaskClient, method: str, path: str, body: Any, field: str
) -> None:
    response = client.open(path, method=method, json=body)
    assert response.status_code == 422, response.get_data(as_text=True)
    assert field in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("change", "field", "allowed"),
    [
        (
            {"attributes": {"a": {"b": 1}}},
            "attributes.a",
            "a text, a number, true, false or a list",
        ),
        ({"attributes": {"a": [1, {}]}}, "attributes.a.1", "a text, a number, true or false"),
        ({"attributes": {"a": "x" * 2001}}, "attributes.a", "at most 2000 characters"),
        ({"attributes": {"a": 1e12}}, "attributes.a", "less than 1000000000000"),
        ({"attributes": {"n" * 501: 1}}, f"attributes.{'n' * 501}", "at most 500 characters"),
        ({"attributes": [1]}, "attributes", "an object is wanted"),
        ({"title": 5}, "title", "a text is wanted"),
        ({"category": 5}, "category", 'a path is wanted, "Phones > Smart"'),
        ({"category": ["Phones", 5]}, "category.1", "a valid string"),
        ({"category": [["Phones"], ["Toys", 5]]}, "category.1.1", "a valid string"),
        ({"category": [["Phones"], "Toys"]}, "category.1", "a valid list"),
        ({"identifiers": {}}, "identifiers", "a text, a whole number or a list of them"),
        ({"identifiers": 5.5}, "identifiers", "neither a text nor a whole number"),
        ({"identifiers": [True]}, "identifiers.0", "a valid string"),
        ({"prices": {"a b": 1}}, "prices.a b", "the name is wrong"),
    ],
)
def test_a_field_of_several_kinds_is_named_as_it_was_sent(
    client: FlaskClient, change: dict[str, Any], field: str, allowed: str
) -> None:
    [error] = client.patch("/v1/items/5", json=change).get_json(force=True)["errors"]
    assert error["field"] == field
    assert allowed in error["message"]
    operation = {"op": "patch", "item_id": "5", "item": change}
    [parsed] = parse_operations({"operations": [operation]})
    assert parsed.field == f"item.{field}"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (4006381333931, ("4006381333931",)),
        ([4006381333931.0, "AB-1"], ("4006381333931", "AB-1")),
        ("AB-1; AB-2", ("AB-1", "AB-2")),
    ],
)
def test_whole_numbers_are_identifiers(given: object, read: tuple[str, ...]) -> None:
    item = {"title": "Lamp", "identifiers": given}
    [put] = parse_operations({"operations": [{"op": "put", "item_id": "5", "item": item}]})
    assert put.item.identifiers == read


def test_each_operation_is_checked_alone() -> None:
    operations = [
        {"op": "put", "item_id": 5, "item": {"title": "Lamp"}},
        {"op": "patch", "item_id": "6", "item": {"price": "cheap"}},
        {"op": "delete", "item_id": "7", "version": 1_790_000_000_000},
        "delete 8",
    ]
    put, patch, delete, text = parse_operations({"operations": operations})
    assert (put.kind, put.item_id, put.item.title) == ("put", "5", "Lamp")
    assert isinstance(patch, OperationError)
    assert (patch.item_id, patch.field) == ("6", "item.price")
    assert (delete.kind, delete.version) == ("delete", 1_790_000_000_000)
    assert (text.field, text.message) == ("", "an object is wanted")
    wrong, none = parse_operations({"operations": [{"op": "drop", "item_id": "5"}, {}]})
    assert (wrong.field, wrong.message) == ("op", "one of 'put', 'patch', 'delete' is wanted")
    assert (none.field, none.message) == ("op", "it is missing")
