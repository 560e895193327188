"""What a browser key forces is forced on every answer, and nothing gets around it."""

import json
from typing import Any

import pytest

from query_service.cursor import Cursor
from tests.integration.access.browser_keys.tenant_shop import (
    FOREIGN,
    SESSION,
    TENANT_A,
    Derive,
    within,
)
from tests.integration.serving import Api, item_ids
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def tenant(derive: Derive) -> Api:
    return derive(filters=TENANT_A)


def test_without_restrictions_all_items_are_found(derive: Derive) -> None:
    body = derive()("POST", "/v1/search", {**SESSION, "query": "desk lamp", "size": 100}).body
    assert body["total"]["value"] == 40


@pytest.mark.parametrize(
    "fields",
    [
        {"query": "desk lamp"},
        {"query": "desk lamp", "size": 100, "explain": True},
        {"query": "zorblat"},
        {"query": "foreign-3"},
        {"query": "desk lamp zorblat qqqq"},
        {"query": "desk lamp", "filters": {"attributes": {"tenant": "b"}}},
        {"query": "desk lamp", "filters": {"attributes": {"tenant": {"not": "a"}}}},
        {"query": "desk lamp", "filters": {"brand": "Zorblat"}},
        {"query": "desk lamp", "sort": {"by": "price", "order": "desc"}, "size": 100},
        {"query": "desk lamp", "from": 15, "size": 50},
        {"query": "zorblt lamp"},
        {"query": "desk lamp", "facets": ["brand", "category", "attributes.tenant"]},
    ],
)
def test_a_search_shows_items_within_the_forced_filters_alone(
    tenant: Api, fields: dict[str, Any]
) -> None:
    body = tenant("POST", "/v1/search", {**SESSION, **fields}).body
    body.pop("did_you_mean"), body.pop("missing_words"), body.pop("query_cut")
    assert not FOREIGN.search(json.dumps(body)), body
    assert body["total"]["value"] <= 20


def test_a_refined_facet_counts_within_the_forced_filters_too(tenant: Api) -> None:
    filters = {"attributes": {"tenant": "a"}, "brand": "Acme", "price": {"gte": 0}}
    wanted = ["brand", "attributes.tenant", "price"]
    body = within(tenant("POST", "/v1/search", {
        **SESSION, "query": "desk lamp", "filters": filters, "facets": wanted,
    }))  # fmt: skip
    assert [each["value"] for each in body["facets"]["brand"]["values"]] == ["Acme"]
    assert [each["value"] for each in body["facets"]["attributes.tenant"]["values"]] == ["a"]
    assert body["facets"]["price"]["max"] == 29


def test_recommendations_given_items_and_answers_instead_of_hits_are_within(tenant: Api) -> None:
    assert len(within(tenant("POST", "/v1/recommend", {**SESSION, "size": 100}))["hits"]) == 20
    ids = ["foreign-1", "own-1", "foreign-2"]
    body = tenant("POST", "/v1/rank", {**SESSION, "item_ids": ids, "explain": True}).body
    assert item_ids(body) == ["own-1"]
    assert sorted(body["unknown_item_ids"]) == ["foreign-1", "foreign-2"]
    none = {**SESSION, "query": "desk lamp", "filters": {"brand": "Nobody"}}
    body = within(tenant("POST", "/v1/search", none))
    assert body["instead"]["hits"]


@pytest.mark.parametrize("prefix", ["", "zor", "de", "desk l", "zorblat desk", "zrblat"])
def test_suggestions_lead_to_items_within_the_forced_filters(tenant: Api, prefix: str) -> None:
    body = tenant("POST", "/v1/suggest", {**SESSION, "prefix": prefix, "size": 50}).body
    body.pop("prefix")
    assert not FOREIGN.search(json.dumps(body)), body


def test_no_page_of_a_cursor_shows_more_whoever_made_it(tenant: Api, derive: Derive) -> None:
    request = {**SESSION, "query": "desk lamp", "size": 15}
    first = within(tenant("POST", "/v1/search", request))
    second = within(tenant("POST", "/v1/search", {**request, "cursor": first["next_cursor"]}))
    assert len(second["hits"]) == 5
    others = derive()("POST", "/v1/search", request).body["next_cursor"]
    cursor = Cursor.decode(others)
    assert any(FOREIGN.search(each) for each in cursor.frozen.ids)
    within(tenant("POST", "/v1/search", {**request, "cursor": others}))
    frozen = cursor.frozen.model_copy(
        update={"ids": ("foreign-1", "own-1"), "keys": ("foreign-1", "own-1"), "scores": (1.0, 1.0)}
    )
    forged = cursor.model_copy(update={"frozen": frozen, "offset": 0}).encode()
    body = tenant("POST", "/v1/search", {**request, "cursor": forged, "explain": True}).body
    assert "own-1" in item_ids(body)
    assert not FOREIGN.search(json.dumps(body["hits"]))


def test_rules_pin_nothing_from_outside(tenant: Api, admin: Api) -> None:
    rule = {"id": "pin", "name": "pin", "when": {"query": {"contains": "lamp"}},
            "then": {"pin": [{"item_id": "foreign-7", "position": 1}]}}  # fmt: skip
    written = admin("PUT", "/v1/rules", {"rules": [rule]})
    assert written.status == 200, written
    request = {**SESSION, "query": "desk lamp"}
    wait_until(lambda: item_ids(admin("POST", "/v1/search", request).body)[0] == "foreign-7", 10)
    body = tenant("POST", "/v1/search", request).body
    assert not FOREIGN.search(json.dumps(body))
    [applied] = body["rules_applied"]
    assert applied["did"][0].startswith("did not pin an item: not available")
    admin("DELETE", "/v1/rules")


def test_what_a_visitor_did_outside_is_neither_named_nor_counted(tenant: Api) -> None:
    for item_id in ("foreign-3", "foreign-4"):
        assert tenant.event("like", item_id, "spy").status == 200
    request = {"session_id": "spy", "deadline_ms": 20_000, "explain": True, "size": 20}
    body = within(tenant("POST", "/v1/search", {**request, "query": "desk lamp"}))
    assert body["personalized"] is False
    tenant.event("like", "own-3", "spy")
    assert within(tenant("POST", "/v1/recommend", request))["personalized"] is True


@pytest.mark.parametrize(
    "query",
    [
        {"query": "desk lamp", "hitsPerPage": 100, "facets": ["*"]},
        {"query": "", "filters": "tenant:b OR tenant:a", "hitsPerPage": 100},
        {"query": "", "facetFilters": [["brand:Zorblat", "brand:Acme"]], "hitsPerPage": 100},
        {"query": "lamp", "filters": "NOT tenant:a"},
        {"query": "", "filters": "objectID:foreign-1"},
        {"query": "lamp", "page": 1, "hitsPerPage": 15},
        {"type": "facet", "facet": "brand", "params": {"facetQuery": "z"}},
    ],
)
def test_instantsearch_is_within_the_forced_filters(tenant: Api, query: dict[str, Any]) -> None:
    # Two at once: each is answered in a thread of its own.
    body = {"requests": [{"indexName": "items", **query}, {"indexName": "items", "query": "lamp"}]}
    results = within(tenant("POST", "/1/indexes/*/queries", body))["results"]
    assert results[1]["nbHits"] == 20


def test_recommendations_like_an_item_outside_are_none(tenant: Api) -> None:
    wanted = {"indexName": "items", "model": "related-products", "threshold": 0}
    for item_id, some in (("foreign-1", False), ("own-1", True)):
        body = {"requests": [{**wanted, "objectID": item_id}]}
        answer = tenant("POST", "/1/indexes/*/recommendations", body)
        [result] = answer.body["results"]
        assert bool(result["hits"]) is some
        assert not FOREIGN.search(json.dumps(result["hits"]))


def test_forced_filters_that_do_not_fit_the_index_answer_nothing(derive: Derive) -> None:
    for wrong in ({"attributes": {"nothing": "x"}}, {"attributes": {"watts": {"gte": "many"}}}):
        for path, body in (("search", {"query": "lamp"}), ("suggest", {"prefix": "lamp"})):
            answer = derive(filters=wrong)("POST", f"/v1/{path}", {**SESSION, **body})
            assert (answer.status, "do not fit" in answer.body["detail"]) == (403, True)


def test_a_price_list_is_forced(derive: Derive) -> None:
    own = derive(price_list="b2b")
    body = own("POST", "/v1/search", {**SESSION, "query": "desk lamp"}).body
    assert {hit["source"]["price"] for hit in body["hits"]} == {3}
    refused = own("POST", "/v1/search", {**SESSION, "query": "lamp", "price_list": "EUR"})
    assert refused.status == 403
    shown = own("POST", "/v1/suggest", {**SESSION, "prefix": "desk"}).body["suggestions"]
    assert any(each["type"] == "item" for each in shown)
    assert not any("price" in each.get("source", {}) for each in shown)
