"""What may be filtered, sorted, counted and shown is public in the index, on every path."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.serving import Api, ServeItems

pytestmark = pytest.mark.node
SESSION = {"session_id": "lists", "deadline_ms": 20_000}
QUERY = {**SESSION, "query": "lamp"}
# A column that is not public, fields of the index of our own, and no field at all.
NAMES = ("margin", "attributes.margin", "vector", "keys.brand", "_id", "title.exact", "_source",
         "features", "script", "nothing")  # fmt: skip
PATHS: dict[str, Any] = {
    "filters": lambda n: ("POST", "/v1/search", {**QUERY, "filters": {n: "x"}}),
    "attribute": lambda n: ("POST", "/v1/search", {**QUERY, "filters": {"attributes": {n: "x"}}}),
    "sort": lambda n: ("POST", "/v1/search", {**QUERY, "sort": n}),
    "sort of an attribute": lambda n: (
        "POST", "/v1/search", {**QUERY, "sort": f"attributes.{n}"}),
    "fields": lambda n: ("POST", "/v1/search", {**QUERY, "fields": [n]}),
    "facets": lambda n: ("POST", "/v1/search", {**QUERY, "facets": [n]}),
    "highlight": lambda n: ("POST", "/v1/search", {**QUERY, "highlight": {"fields": [n]}}),
    "recommend filters": lambda n: (
        "POST", "/v1/recommend", {**SESSION, "filters": {"attributes": {n: "x"}}}),
    "recommend fields": lambda n: ("POST", "/v1/recommend", {**SESSION, "fields": [n]}),
    "suggest filters": lambda n: (
        "POST", "/v1/suggest", {**SESSION, "prefix": "l", "filters": {"attributes": {n: "x"}}}),
    "rank": lambda n: ("POST", "/v1/rank", {**SESSION, "item_ids": ["1"], "fields": [n]}),
    "instantsearch filters": lambda n: (
        "POST", "/1/indexes/items/query", {"query": "lamp", "filters": f"{n}:x"}),
    "instantsearch facets": lambda n: (
        "POST", "/1/indexes/items/query", {"query": "lamp", "facets": [n]}),
    "instantsearch facet": lambda n: (
        "POST", f"/1/indexes/items/facets/{n}/query", {"facetQuery": "x"}),
    "instantsearch order": lambda n: (
        "POST", f"/1/indexes/items_{n}_asc/query", {"query": "lamp"}),
    "rules": lambda n: ("PUT", "/v1/rules", {"rules": [{
        "id": "r", "name": "r", "then": {"filters": {"attributes": {n: "x"}}}}]}),
}  # fmt: skip


@pytest.fixture(scope="module")
def api(serve_items: ServeItems) -> Iterator[Api]:
    rows = [
        {"item_id": str(n), "title": f"lamp {n}", "brand": "Acme", "price": n, "margin": "secret-x",
         "attributes": {"colour": "red"}}
        for n in range(5)
    ]  # fmt: skip
    with serve_items(rows, rule_writes=True) as api:
        yield api


@pytest.mark.parametrize("path", PATHS)
def test_a_name_that_is_not_public_is_refused(api: Api, path: str) -> None:
    for name in NAMES:
        method, address, body = PATHS[path](name)
        answer = api(method, address, body)
        assert 400 <= answer.status < 500, (name, answer)
        assert "secret-x" not in json.dumps(answer.body)


def test_what_a_front_end_wants_to_retrieve_is_left_out(api: Api) -> None:
    query = {"query": "lamp", "attributesToRetrieve": [*NAMES, "title"]}
    hits = api("POST", "/1/indexes/items/query", query).body["hits"]
    assert len(hits) == 5
    for hit in hits:
        assert "title" in hit
        assert not {"margin", "vector", "keys", "features"} & set(hit)
    everything = api("POST", "/v1/search", {**QUERY, "explain": True}).body
    assert "secret-x" not in json.dumps(everything)
    assert not {"vector", "vector_float16", "keys", "margin"} & set(everything["hits"][0]["source"])
