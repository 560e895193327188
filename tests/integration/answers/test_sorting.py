"""Hits sorted by a field: all matches, those without a value last, ties by item id."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.serving import Api, ServeItems, item_ids

pytestmark = pytest.mark.node
LAMPS = 90
NAMES = ("Zeta", "éclair", "Ebony", "ﬁne", "Écru", "edam", "Ёлка", "zeta", "apple")


def lamp(number: int) -> dict[str, Any]:
    """A lamp; every fifth has no price, every fourth no weight, every third no date."""
    row: dict[str, Any] = {
        "item_id": f"lamp-{number:02}",
        "title": f"{NAMES[number % len(NAMES)]} desk lamp",
        "popularity": number % 4,
        "attributes": {"colour": "red", "bright": number % 2 == 0},
    }
    if number % 5:
        row["price"] = (number * 37 % 50) + 0.99
    if number % 4:
        row["attributes"]["weight"] = (number * 13 % 30) - 10.5
    if number % 3:
        row["updated_at"] = f"2026-0{1 + number % 7}-10T00:00:00Z"
        row["attributes"]["released"] = f"20{10 + number % 7}-01-01"
    return row


ROWS = {row["item_id"]: row for row in map(lamp, range(LAMPS))}
ORDERS = {
    "price": lambda row: row.get("price"),
    "newest": lambda row: row.get("updated_at"),
    "popularity": lambda row: row["popularity"],
    "attributes.weight": lambda row: row["attributes"].get("weight"),
    "attributes.released": lambda row: row["attributes"].get("released"),
}


@pytest.fixture(scope="module")
def api(serve_items: ServeItems) -> Iterator[Api]:
    """A shop of 90 lamps and 30 hoses, with few candidates of each leg."""
    hoses = [{"item_id": f"hose-{n:02}", "title": f"garden hose {n}"} for n in range(30)]
    with serve_items([*ROWS.values(), *hoses], candidates_per_leg=20) as api:
        yield api


def pages(api: Api, path: str, size: int, **fields: object) -> list[dict[str, Any]]:
    """The hits of all pages by cursor."""
    body = {"session_id": "sorting", "deadline_ms": 20_000, "size": size, **fields}
    hits: list[dict[str, Any]] = []
    while True:
        response = api("POST", path, body)
        assert response.status == 200, response
        assert response.body["degraded"] == []
        assert response.body["personalized"] is False
        hits += response.body["hits"]
        body["cursor"] = response.body["next_cursor"]
        if body["cursor"] is None:
            assert response.body["total"]["value"] == len(hits)
            return hits


def expected(by: str, order: str, rows: dict[str, Any]) -> list[str]:
    value = ORDERS[by]
    valued = sorted(i for i, row in rows.items() if value(row) is not None)
    valued.sort(key=lambda i: value(rows[i]), reverse=order == "desc")  # stable: ties by id
    return valued + sorted(i for i, row in rows.items() if value(row) is None)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("by", ORDERS)
def test_all_matches_are_sorted_those_without_a_value_last(api: Api, by: str, order: str) -> None:
    fields = {"query": "desk lamp", "sort": {"by": by, "order": order}, "explain": True}
    hits = pages(api, "/v1/search", 17, **fields)
    assert [h["item_id"] for h in hits if h["item_id"] in ROWS] == expected(by, order, ROWS)
    assert {h["item_id"] for h in hits if not h["by_meaning"]} == set(ROWS)
    assert not any(hit["reranked"] for hit in hits)
    last = hits[-1]["explanation"]["why"]
    assert last.startswith("sorted by ")
    assert ("comes last" in last) is (by != "popularity")
    assert [hit["position"] for hit in hits] == list(range(1, len(hits) + 1))


def test_the_total_of_a_sorted_search_is_that_of_relevance(api: Api) -> None:
    for query in ("desk lamp", "hose lamp", "dsk lmap", "hose"):
        relevant = api.search(query, "total")
        assert api.search(query, "total", sort="price")["total"] == relevant["total"]


def test_items_by_meaning_alone_are_sorted_among_the_others(api: Api) -> None:
    relevant = api.search("hose 7", "meaning", size=100)
    by_meaning = {hit["item_id"] for hit in relevant["hits"] if hit["by_meaning"]}
    answer = api.search("hose 7", "meaning", size=100, sort="price")
    assert sorted(item_ids(answer)) == sorted(item_ids(relevant))
    assert {hit["item_id"] for hit in answer["hits"] if hit["by_meaning"]} == by_meaning


def test_names_are_sorted_without_case_and_accents(api: Api) -> None:
    hits = pages(api, "/v1/search", 40, query="desk lamp", sort="name")
    titles = [hit["source"]["title"].split()[0] for hit in hits if hit["item_id"] in ROWS]
    order = list(dict.fromkeys(title.lower() for title in titles))
    assert order == ["apple", "ebony", "éclair", "écru", "edam", "ﬁne", "zeta", "ёлка"]
    assert set(titles) == set(NAMES)


def test_a_recommendation_is_sorted_over_all_items_that_the_filters_allow(api: Api) -> None:
    filters = {"attributes": {"bright": True}}
    bright = {i: row for i, row in ROWS.items() if row["attributes"]["bright"]}
    fields: dict[str, object] = {"sort": {"by": "price", "order": "desc"}, "filters": filters}
    hits = pages(api, "/v1/recommend", 13, **fields)
    assert [hit["item_id"] for hit in hits] == expected("price", "desc", bright)
    assert len(pages(api, "/v1/recommend", 50, sort="newest")) == LAMPS + 30


def test_relevance_is_the_order_without_sort(api: Api) -> None:
    answer = api.search("desk lamp", "default", size=50)
    for sort in ("relevance", {"by": "relevance", "order": "desc"}, None):
        assert item_ids(api.search("desk lamp", "default", size=50, sort=sort)) == item_ids(answer)


@pytest.mark.parametrize(
    ("sort", "field", "named"),
    [
        ("colour", "sort.by", "relevance, price, newest, popularity, name, attributes.released"),
        ("attributes.wieght", "sort.by", "name, attributes.weight"),
        ("attributes.colour", "sort.by", "attributes.colour has values of the type text"),
        ("attributes.bright", "sort.by", "attributes.bright has values of the type boolean"),
        ("vector", "sort.by", "no order by 'vector'"),
        ({"by": "relevance", "order": "asc"}, "sort.order", "leave `order` out"),
        ({"by": "price", "order": "up"}, "sort.order", "asc"),
        ({"by": ""}, "sort.by", "at least 1 character"),
        (7, "sort", "the name of a field is wanted"),
    ],
)
def test_an_order_that_the_index_lacks_is_refused_with_those_there_are(
    api: Api, sort: object, field: str, named: str
) -> None:
    for path, query in (("/v1/search", {"query": "lamp"}), ("/v1/recommend", {})):
        response = api("POST", path, {"session_id": "refused", "sort": sort, **query})
        assert response.status == 422
        assert response.body["errors"][0]["field"] == field
        assert named in response.body["errors"][0]["message"]
