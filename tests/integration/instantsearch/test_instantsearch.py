"""The endpoint of InstantSearch front ends, with requests as algoliasearch sends them."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from opensearchpy import OpenSearch

from plugin_config.schema import IndexNames
from tests.integration.serving import Api, ServeItems

pytestmark = pytest.mark.node
BRANDS = ("Acme", "Bolt", "-Cube")
COLOURS = ("red", "blue", "green")
KINDS = ("Desk lamp", "Floor lamp", "Garden chair", "Coffee machine")
TAGS = {"highlightPreTag": "__ais-highlight__", "highlightPostTag": "__/ais-highlight__"}


def row(n: int) -> dict[str, Any]:
    kind = KINDS[n % 4]
    room = "Garden" if "Garden" in kind else "Home"
    return {
        "item_id": f"i{n}", "title": f"{kind} & more {n}", "brand": BRANDS[n % 3],
        "description": f"A {kind.lower()} & more for every room. " + "It lasts. " * 60,
        "category": [room, "Light" if "lamp" in kind else "Other", kind],
        "price": 10 + n, "available": n % 5 != 0, "popularity": 100 - n,
        "attributes": {"colour": COLOURS[n % 3], "rating": 1 + n % 5, "secret_note": "x"},
    }  # fmt: skip


@pytest.fixture(scope="module")
def api(serve_items: ServeItems) -> Iterator[Api]:
    with serve_items(
        (row(n) for n in range(120)),
        instantsearch_index="shop",
        instantsearch_replicas="cheapest=price:asc, loved=popularity",
    ) as api:
        yield api


def ask(api: Api, *queries: dict[str, Any]) -> list[Any]:
    requests = [{"indexName": "shop", **query} for query in queries]
    response = api("POST", "/1/indexes/*/queries", {"requests": requests})
    assert response.status == 200, response
    return list(response.body["results"])


def one(api: Api, **params: Any) -> Any:
    return ask(api, params)[0]


def ids(result: Any) -> set[str]:
    return {hit["objectID"] for hit in result["hits"]}


def expected(condition: Any) -> set[str]:
    return {f"i{n}" for n in range(120) if condition(row(n))}


def test_an_answer_has_what_the_library_reads(api: Api) -> None:
    result = one(api, query="desk lamp", hitsPerPage=5, page=1, facets=["brand"], **TAGS)
    assert (result["page"], result["hitsPerPage"], len(result["hits"])) == (1, 5, 5)
    assert result["nbPages"] == -(-result["nbHits"] // 5)
    assert result["index"] == "shop"
    assert result["queryID"]
    assert result["query"] == "desk lamp"
    assert sum(result["facets"]["brand"].values()) == result["nbHits"]
    hit = result["hits"][0]
    assert hit["title"].startswith("Desk lamp & more")
    marked = hit["_highlightResult"]["title"]
    assert marked["value"].startswith("__ais-highlight__Desk__/ais-highlight__ ")
    assert " & more" in marked["value"]  # not escaped: the front end does it
    assert (marked["matchLevel"], marked["matchedWords"]) == ("full", ["desk", "lamp"])
    description = hit["_highlightResult"]["description"]["value"]
    plain = description.replace("__ais-highlight__", "").replace("__/ais-highlight__", "")
    assert plain == hit["description"]
    assert hit["_highlightResult"]["brand"]["value"] == hit["brand"]


def test_params_may_be_url_encoded_and_the_body_plain_text(api: Api) -> None:
    params = urlencode({"query": "lamp", "hitsPerPage": 3, "facetFilters": '[["brand:Acme"]]'})
    body = {"requests": [{"indexName": "shop", "params": params}]}
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
        request = urllib.request.Request(
            f"{api.url}/1/indexes/*/queries?x-algolia-agent=a",
            json.dumps(body).encode(),
            {"Content-Type": kind},
        )
        with urllib.request.urlopen(request) as response:
            (result,) = json.load(response)["results"]
        assert {hit["brand"] for hit in result["hits"]} == {"Acme"}
        assert result["params"] == params


@pytest.mark.parametrize(
    ("params", "condition"),
    [
        ({"facetFilters": ["brand:Acme"]}, lambda r: r["brand"] == "Acme"),
        ({"facetFilters": ["brand:-Acme"]}, lambda r: r["brand"] != "Acme"),
        ({"facetFilters": ["brand:\\-Cube"]}, lambda r: r["brand"] == "-Cube"),
        ({"facetFilters": [["brand:Acme", "colour:blue"], "available:true"]},
         lambda r: (r["brand"] == "Acme" or r["attributes"]["colour"] == "blue")
         and r["available"]),
        ({"facetFilters": ["category.lvl1:Home > Light"]},
         lambda r: r["category"][:2] == ["Home", "Light"]),
        ({"numericFilters": ["price>=20", ["price<25", "attributes.rating=5"]]},
         lambda r: r["price"] >= 20 and (r["price"] < 25 or r["attributes"]["rating"] == 5)),
        ({"numericFilters": ["price!=20"]}, lambda r: r["price"] != 20),
        ({"numericFilters": ["price:20 TO 30"]}, lambda r: 20 <= r["price"] <= 30),
        ({"numericFilters": ["price>=-5", "price<=14"]}, lambda r: r["price"] <= 14),
        ({"numericFilters": ["price<-5"]}, lambda r: False),
        ({"filters": "price:12"}, lambda r: r["price"] == 12),
        ({"filters": "brand:Acme OR (colour:blue AND price > 100)"},
         lambda r: r["brand"] == "Acme"
         or (r["attributes"]["colour"] == "blue" and r["price"] > 100)),
        ({"filters": "NOT (brand:Acme OR brand:Bolt) AND NOT objectID:i2"},
         lambda r: r["brand"] == "-Cube" and r["item_id"] != "i2"),
        ({"filters": 'category.lvl0:Garden AND "attributes.rating">=4'},
         lambda r: r["category"][0] == "Garden" and r["attributes"]["rating"] >= 4),
    ],
)  # fmt: skip
def test_filters_mean_what_the_library_s_do(api: Api, params: Any, condition: Any) -> None:
    wanted = expected(condition)
    result = one(api, hitsPerPage=100, **params)
    assert result["nbHits"] == len(wanted)
    assert ids(result) <= wanted
    assert len(result["hits"]) == min(len(wanted), 100)
    searched = one(api, query="lamp", hitsPerPage=100, **params)
    assert ids(searched) <= wanted


def test_facets_of_a_query_and_of_its_extra_queries(api: Api) -> None:
    facets = ["brand", "colour", "price", "attributes.rating", "available"]
    main = {"hitsPerPage": 3, "facets": facets, "facetFilters": [["brand:Acme"]]}
    extra = {"hitsPerPage": 0, "analytics": False, "facets": "brand"}
    result, disjunctive = ask(api, main, extra)
    acme = [row(n) for n in range(120) if row(n)["brand"] == "Acme"]
    assert result["facets"]["brand"] == {"Acme": 40}
    assert result["facets"]["colour"] == {"red": 40}
    assert result["facets"]["available"] == {"true": 32, "false": 8}
    assert result["facets"]["attributes.rating"] == {str(n): 8 for n in range(1, 6)}
    prices = [r["price"] for r in acme]
    stats = result["facets_stats"]["price"]
    assert (stats["min"], stats["max"]) == (min(prices), max(prices))
    assert stats["avg"] == pytest.approx(sum(prices) / 40)
    assert stats["sum"] == pytest.approx(sum(prices))
    assert disjunctive["facets"]["brand"] == {"Acme": 40, "Bolt": 40, "-Cube": 40}
    assert disjunctive["hits"] == []
    assert disjunctive["nbPages"] == 0


def test_levels_of_categories(api: Api) -> None:
    levels = ["category.lvl0", "category.lvl1", "category.lvl2"]
    result = one(api, facets=levels, facetFilters=["category.lvl0:Home"])
    assert result["facets"]["category.lvl0"] == {"Home": 90}
    assert result["facets"]["category.lvl1"] == {"Home > Light": 60, "Home > Other": 30}
    assert result["facets"]["category.lvl2"]["Home > Light > Desk lamp"] == 30


def test_all_facets_and_their_order(api: Api) -> None:
    result = one(api, facets=["*"])
    wanted = {"brand", "category.lvl0", "category.lvl1", "price", "attributes.colour"}
    assert wanted <= result["facets"].keys()
    order = result["renderingContent"]["facetOrdering"]["facets"]["order"]
    below = {"category.lvl1", "category.lvl2", "category.lvl3"}
    assert set(order) == result["facets"].keys() - below


def test_a_facet_s_values_are_searched(api: Api) -> None:
    answered = api("POST", "/1/indexes/shop/facets/brand/query", {"facetQuery": "ac"})
    assert answered.body["facetHits"] == [
        {"value": "Acme", "highlighted": "<em>Ac</em>me", "count": 40}
    ]
    params = urlencode({"facetQuery": "bl", "filters": "brand:Bolt", "maxFacetHits": 5})
    answered = api("POST", "/1/indexes/shop/facets/colour/query", {"params": params})
    assert answered.body["facetHits"] == [
        {"value": "blue", "highlighted": "<em>bl</em>ue", "count": 40}
    ]
    (of_type,) = ask(api, {"type": "facet", "facet": "brand", "facetQuery": "bo"})
    assert [hit["value"] for hit in of_type["facetHits"]] == ["Bolt"]


def test_one_query_has_its_own_path(api: Api) -> None:
    answered = api("POST", "/1/indexes/shop/query", {"params": "query=lamp&hitsPerPage=2"})
    assert len(answered.body["hits"]) == 2
    answered = api("POST", "/1/indexes/shop/queries", {"requests": [{"query": "lamp"}]})
    assert answered.body["results"][0]["index"] == "shop"


@pytest.mark.parametrize(
    ("index", "key", "reverse"),
    [
        ("shop_price_asc", "price", False),
        ("shop/sort/price:desc", "price", True),
        ("shop_attributes.rating_desc", "rating", True),
        ("cheapest", "price", False),
        ("loved", "popularity", True),
    ],
)
def test_replicas_are_orders(api: Api, index: str, key: str, reverse: bool) -> None:
    (result,) = ask(api, {"indexName": index, "hitsPerPage": 50})
    values = [hit.get(key, hit["attributes"].get(key)) for hit in result["hits"]]
    numbers = [row(int(hit["objectID"][1:])).get(key) for hit in result["hits"]]
    sorted_by = values if key == "rating" else numbers
    assert sorted_by == sorted(sorted_by, reverse=reverse)
    assert result["index"] == index


def test_fields_snippets_and_attributes_to_highlight(api: Api) -> None:
    result = one(
        api,
        query="chair",
        attributesToRetrieve=["title", "colour", "unknown"],
        attributesToHighlight=["title", "attributes.colour"],
        attributesToSnippet=["description:5"],
    )
    hit = result["hits"][0]
    assert set(hit) == {"objectID", "title", "attributes", "_highlightResult", "_snippetResult"}
    assert set(hit["attributes"]) == {"colour"}
    assert set(hit["_highlightResult"]) == {"title", "attributes"}
    assert "<em>chair</em>" in hit["_snippetResult"]["description"]["value"]
    assert len(hit["_snippetResult"]["description"]["value"]) < 120


def test_only_the_visitor_s_own_queries_are_kept_and_clicks_count(api: Api) -> None:
    token = {"userToken": "anonymous-insta"}
    main = {"query": "garden chair", "hitsPerPage": 10, **token}
    extra = {
        "query": "garden chair",
        "hitsPerPage": 0,
        "analytics": False,
        "facets": "brand",
        **token,
    }
    silent = {"query": "coffee", "analytics": False, **token}
    result = ask(api, main, extra, silent)[0]
    clicked = result["hits"][6]["objectID"]
    event = {"eventType": "click", "eventName": "Hit Clicked", "index": "shop", "positions": [7],
             "queryID": result["queryID"], "objectIDs": [clicked], **token}  # fmt: skip
    assert api("POST", "/1/events", {"events": [event]}).status == 200
    kept = api("GET", "/v1/sessions/anonymous-insta").body
    assert [row["user_query"] for row in kept["ubi_queries"]["rows"]] == ["garden chair"]
    assert kept["ubi_queries"]["rows"][0]["query_id"] == result["queryID"]
    again = one(api, **main)
    assert [hit["objectID"] for hit in again["hits"]].index(clicked) < 6
    browsed = one(api, hitsPerPage=100, filters=f"objectID:{clicked}", **token)
    assert ids(browsed) == {clicked}  # a list of a category shows what the visitor has seen too


def test_what_was_typed_on_the_way_to_a_query_is_no_query_of_its_own(api: Api) -> None:
    for text in ("g", "gar", "Garden c", "garden chair", "lamp"):
        one(api, query=text, userToken="anonymous-typing")
        kept = api("GET", "/v1/sessions/anonymous-typing").body  # it waits until all is written
    assert [q["query_text"] for q in kept["session"]["queries"]] == ["garden chair", "lamp"]
    assert kept["ubi_queries"]["count"] == 5  # the log has what was answered
    for text in ("desk", "desk lamp"):  # our own API's clients say themselves what is a query
        api.search(text, "anonymous-typing")
    kept = api("GET", "/v1/sessions/anonymous-typing").body
    assert [q["query_text"] for q in kept["session"]["queries"]][2:] == ["desk", "desk lamp"]


def test_a_user_token_of_the_shop_s_own_is_a_user_too(api: Api) -> None:
    tokens = {"userToken": "anonymous-2", "authenticatedUserToken": "customer-9"}
    event = {"eventType": "click", "eventName": "c", "objectIDs": ["i7"], **tokens}
    assert api("POST", "/1/events", {"events": [event]}).status == 200
    result = one(api, query="coffee machine", userToken="customer-9")
    assert result["hits"][0]["objectID"] == "i7"


def test_without_a_user_token_nothing_is_kept(
    api: Api, client: OpenSearch, names: IndexNames
) -> None:
    one(api, query="unkept words")
    one(api, query="kept words", userToken="anonymous-3")
    kept = api("GET", "/v1/sessions/anonymous-3").body["ubi_queries"]["rows"]  # it waits for them
    assert [row["user_query"] for row in kept] == ["kept words"]
    client.indices.refresh(index=names.ubi_queries)
    assert client.count(index=names.ubi_queries, q="user_query:unkept")["count"] == 0


def test_pages_end_where_the_hits_do(api: Api) -> None:
    result = one(api, hitsPerPage=50, page=2)
    assert (len(result["hits"]), result["nbPages"]) == (20, 3)
    assert one(api, hitsPerPage=50, page=9)["hits"] == []
    assert one(api, hitsPerPage=100, page=100_000)["hits"] == []
    result = one(api, offset=7, length=3)
    assert (result["offset"], result["length"], len(result["hits"])) == (7, 3, 3)


def test_pages_neither_repeat_nor_skip_while_the_visitor_clicks(api: Api) -> None:
    asked = {"hitsPerPage": 10, "userToken": "anonymous-pages"}
    pages = [ids(one(api, page=0, **asked))]
    for page in (1, 2, 7, 3):
        assert api.event("like", f"i{page + 40}", "anonymous-pages").status == 200
        pages.append(ids(one(api, page=page, **asked)))
    assert len(set().union(*pages)) == 50


def test_what_is_ignored_is_said(api: Api) -> None:
    assert one(api, optionalFilters=["brand:Acme"])["message"] == "ignored: optionalFilters"


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"requests": [{"indexName": "other"}]}, 404, "Index other does not exist"),
        ({"requests": [{"indexName": "shop_size_asc"}]}, 422, "price"),
        ({"requests": [{"indexName": "shop_query_suggestions"}]}, 404, "POST /v1/suggest"),
        ({"requests": [{"indexName": "shop", "facets": ["size"]}]}, 400, "attributes.colour"),
        ({"requests": [{"indexName": "shop", "filters": "size:1"}]}, 400, "attributes.colour"),
        ({"requests": [{"indexName": "shop", "filters": "brand:"}]}, 400, "filters:"),
        ({"requests": [{"indexName": "shop", "filters": "brand > 3"}]}, 400, "no numbers"),
        ({"requests": [{"indexName": "shop", "filters": "colour > 3"}]}, 422, "numbers or dates"),
        ({"requests": [{"indexName": "shop", "tagFilters": ["a"]}]}, 400, "tagFilters"),
        ({"requests": [{"indexName": "shop", "userToken": "a b"}]}, 400, "userToken"),
        ({"requests": [{"indexName": "shop", "type": "other"}]}, 400, "type"),
        ({"requests": [{"indexName": 5}]}, 400, "indexName"),
        ({"requests": []}, 400, "1 to 50"),
        ({"requests": [{"indexName": "shop"}] * 51}, 400, "1 to 50"),
        ({"requests": "x"}, 400, "a list of objects"),
        ([5], 400, "a list of objects"),
        ({}, 400, "a list of objects"),
    ],
)
def test_errors_are_what_the_library_reads(api: Api, body: Any, status: int, message: str) -> None:
    response = api("POST", "/1/indexes/*/queries", body)
    assert response.status == status, response
    assert set(response.body) == {"message", "status"}
    assert response.body["status"] == status
    assert message in response.body["message"]


def recommended(api: Api, **request: Any) -> Any:
    body = {"requests": [{"indexName": "shop", **request}]}
    response = api("POST", "/1/indexes/*/recommendations", body)
    assert response.status == 200, response
    return response.body["results"][0]


def test_related_items_are_like_the_item_and_as_the_front_end_filters_them(api: Api) -> None:
    for model in ("related-products", "looking-similar"):
        result = recommended(api, model=model, objectID="i0", maxRecommendations=5, threshold=0)
        assert len(result["hits"]) == 5
        assert "i0" not in ids(result)
        assert all("lamp" in hit["title"].lower() for hit in result["hits"])
        assert result["hits"][0]["_score"] >= result["hits"][-1]["_score"] > 0
        assert "_highlightResult" not in result["hits"][0]
    filters = {"facetFilters": ["brand:Bolt"], "attributesToRetrieve": ["title"]}
    result = recommended(api, model="related-products", objectID="i0", queryParameters=filters)
    assert ids(result) <= expected(lambda r: r["brand"] == "Bolt")
    assert set(result["hits"][0]) == {"title", "objectID", "_score"}
    assert recommended(api, model="related-products", objectID="no")["hits"] == []


def test_trending_items_are_popular_ones_for_everybody(api: Api) -> None:
    result = recommended(api, model="trending-items", userToken="v")
    assert len(result["hits"]) == 30
    of_brand = {"facetName": "brand", "facetValue": "Acme", "maxRecommendations": 3}
    assert ids(recommended(api, model="trending-items", **of_brand)) <= expected(
        lambda r: r["brand"] == "Acme"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "bought-together"}, "related-products, looking-similar, trending-items are"),
        ({"model": None}, "model"),
        ({"objectID": None}, "objectID"),
        ({"objectID": 7}, "objectID"),
        ({"maxRecommendations": 31}, "1 to 30"),
        ({"maxRecommendations": "5"}, "1 to 30"),
        ({"queryParameters": "a"}, "queryParameters"),
        ({"queryParameters": {"facetFilters": ["size:1"]}}, "attributes.colour"),
        ({"model": "trending-items", "facetName": "brand"}, "facetValue"),
        ({"indexName": "other"}, "does not exist"),
    ],
)
def test_a_wrong_recommendation_is_refused(api: Api, change: dict[str, Any], message: str) -> None:
    request = {"indexName": "shop", "model": "related-products", "objectID": "i0", **change}
    response = api("POST", "/1/indexes/*/recommendations", {"requests": [request]})
    assert response.status in (400, 404)
    assert message in response.body["message"]
