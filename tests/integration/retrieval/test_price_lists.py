"""Prices in several lists: the request's list is shown, filtered, sorted and counted."""

from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy import OpenSearch

from tests.integration.serving import Api, ServeItems, item_ids

pytestmark = pytest.mark.node
LAMPS = 12


def lamp(n: int) -> dict[str, Any]:
    """Its own price is in USD; in EUR the dearest is the cheapest; every third has no b2b price."""
    prices: dict[str, Any] = {"EUR": f"{40 - n},50 €"}
    if n % 3:
        prices["b2b"] = 5 + n
    return {
        "item_id": f"lamp-{n:02}", "title": f"desk lamp {n}", "price": 10 + n, "currency": "USD",
        "prices": prices, "brand": "Acme" if n % 2 else "Bolt",
    }  # fmt: skip


@pytest.fixture(scope="module")
def api(serve_items: ServeItems) -> Iterator[Api]:
    """A shop of lamps with prices in USD, EUR and for businesses."""
    rows = [lamp(n) for n in range(LAMPS)]
    with serve_items(rows, item_writes=True, swap_poll_s=0.2) as api:
        yield api


def prices(answer: Any) -> dict[str, tuple[Any, Any]]:
    shown = [hit["source"] for hit in answer["hits"]]
    assert all("prices" not in source for source in shown)
    return {s["item_id"]: (s.get("price"), s.get("currency")) for s in shown}


def test_a_hit_shows_the_price_of_the_list_and_no_other(api: Api) -> None:
    own = prices(api.search("desk lamp", "s", size=50))
    assert own["lamp-04"] == (14, "USD")
    assert prices(api.search("desk lamp", "s", price_list="EUR", size=50))["lamp-04"] == (
        36.5, "EUR",
    )  # fmt: skip
    b2b = prices(api.search("desk lamp", "s", price_list="b2b", size=50))
    assert (b2b["lamp-04"], b2b["lamp-03"]) == ((9, "USD"), (None, None))
    fields = {"price_list": "EUR", "fields": ["item_id", "price"], "size": 50}
    assert prices(api.search("desk lamp", "s", **fields))["lamp-04"] == (36.5, None)
    ranked = api("POST", "/v1/rank", {"session_id": "s", "item_ids": ["lamp-01"],
                                      "price_list": "EUR"}).body  # fmt: skip
    assert prices(ranked) == {"lamp-01": (39.5, "EUR")}


def test_filters_and_orders_mean_the_list(api: Api) -> None:
    fields = {"sort": "price", "size": 50}
    own = item_ids(api.search("desk lamp", "s", **fields))
    in_eur = item_ids(api.search("desk lamp", "s", price_list="EUR", **fields))
    assert in_eur == own[::-1]
    dear = {"price": {"gte": 38}}
    body = {"session_id": "s", "filters": dear, "price_list": "EUR", "deadline_ms": 20_000}
    assert set(item_ids(api("POST", "/v1/recommend", body).body)) == {
        "lamp-00", "lamp-01", "lamp-02",
    }  # fmt: skip
    b2b = item_ids(api.search("desk lamp", "s", price_list="b2b", **fields))
    assert b2b[-4:] == ["lamp-00", "lamp-03", "lamp-06", "lamp-09"]  # without a price


def test_an_instantsearch_query_may_choose_the_list(api: Api) -> None:
    asked = {"query": "desk lamp", "numericFilters": ["price>=38"], "facets": ["price"]}
    path = "/1/indexes/items/query"
    answer = api("POST", path, asked | {"priceList": "EUR"}).body
    assert {hit["objectID"]: hit["price"] for hit in answer["hits"]} == {
        "lamp-00": 40.5, "lamp-01": 39.5, "lamp-02": 38.5,
    }  # fmt: skip
    assert answer["facets_stats"]["price"]["max"] == 40.5
    refused = api("POST", path, asked | {"priceList": "XYZ"})
    assert refused.status == 422
    assert "EUR" in refused.body["message"]


def test_facets_count_the_prices_of_the_list(api: Api) -> None:
    facets: list[Any] = [{"name": "price", "interval": 10}]
    answer = api.search("desk lamp", "s", price_list="EUR", facets=facets)
    price = answer["facets"]["price"]
    assert (price["min"], price["max"]) == (29.5, 40.5)
    assert [(b["gte"], b["count"]) for b in price["histogram"]] == [(20, 1), (30, 10), (40, 1)]
    filters = {"price": {"lt": 35}, "brand": "Acme"}
    refined = api.search("desk lamp", "s", price_list="EUR", facets=facets, filters=filters)
    assert refined["facets"]["price"]["max"] == 39.5


def test_a_change_of_one_list_keeps_the_others(api: Api, client: OpenSearch) -> None:
    patch: dict[str, Any] = {"prices": {"GBP": 7.5, "b2b": None}}
    assert api("PATCH", "/v1/items/lamp-11", patch).status == 200
    assert prices(api.search("desk lamp", "s", price_list="EUR", size=50))["lamp-11"][0] == 29.5
    answers = (api("POST", "/v1/search", {"query": "lamp", "session_id": "s", "size": 50,
                                          "price_list": "GBP"}) for _ in range(200))  # fmt: skip
    found = next(answer for answer in answers if answer.status == 200)
    assert prices(found.body)["lamp-11"] == (7.5, "GBP")
    b2b = prices(api.search("desk lamp", "s", price_list="b2b", size=50))
    assert b2b["lamp-11"] == (None, None)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"price_list": "CHF"}, "There are: EUR"),
        ({"price_list": "a.b"}, "letters (a to z), digits"),
        ({"price_list": 7}, "string"),
    ],
)
def test_an_unknown_list_is_refused(api: Api, fields: dict[str, Any], message: str) -> None:
    response = api("POST", "/v1/search", {"query": "lamp", "session_id": "s", **fields})
    assert response.status == 422
    assert response.body["errors"][0]["field"] == "price_list"
    assert message in response.body["errors"][0]["message"]
