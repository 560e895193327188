"""Filters, facets, collapsing, rules, price lists, orders and cursors in one request agree."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.serving import Api, ServeItems
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
GROUPS = 48
COLOURS = ("red", "blue", "green", "black")
MATERIALS = ("oak", "steel", "glass", "paper", "stone")
PATHS = (["Home", "Light"], ["Home", "Desk"], ["Garden"])
PINS = [
    {"item_id": "lamp-09-1", "position": 2},  # one variant of a product
    {"item_id": "hose-3", "position": 5},  # without a word of the query
    {"item_id": "lamp-30-0", "position": 9},
]
HIDDEN = ["lamp-12-0", "lamp-14-1"]
RULE = {
    "id": "lamps", "when": {"query": {"contains": ["lamp"]}},
    "then": {"pin": PINS, "hide": {"item_ids": HIDDEN},
             "boost": [{"filters": {"brand": "Bolt"}, "by": 0.2}]},
}  # fmt: skip
FACETS = ["brand", "category", "attributes.colour", "attributes.watts", "price", "available"]
REQUESTS: list[dict[str, Any]] = [
    {},
    {"price_list": "EUR", "filters": {"price": {"gte": 20}}},
    {"price_list": "b2b", "filters": {"brand": ["Acme", "Cube"], "price": {"lt": 60}}},
    {"filters": {"brand": "Bolt", "attributes": {"colour": ["red", "blue"]}}},
    {"price_list": "EUR", "filters": {"category": "Home", "available": True,
                                      "attributes": {"watts": {"gte": 3}}}},
]  # fmt: skip


def rows() -> list[dict[str, Any]]:
    """Lamps of GROUPS products in 1 to 4 variants, every third without a price for businesses."""
    found = []
    for group in range(GROUPS):
        for variant in range(1 + group % 4):
            price = 10 + (group * 7) % 41 + variant
            prices = {"EUR": price * 2.5} | ({"b2b": 70 - price} if group % 3 else {})
            found.append({
                "item_id": f"lamp-{group:02}-{variant}", "group_id": f"lamp-{group:02}",
                "title": f"{COLOURS[variant]} {MATERIALS[group % 5]} desk lamp",
                "brand": ("Acme", "Bolt", "Cube")[group % 3], "category": PATHS[group % 3],
                "price": price, "prices": prices, "popularity": (group + variant) % 5,
                "available": (group + variant) % 7 > 0,
                "attributes": {"colour": COLOURS[variant], "watts": (group + variant) % 9},
            })  # fmt: skip
    return found + [
        {"item_id": f"hose-{n}", "title": f"garden hose {n}", "brand": "Rain", "price": 20 + n,
         "category": ["Garden"], "prices": {"EUR": 30 + n}, "attributes": {"watts": 4}}
        for n in range(8)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def api(serve_items: ServeItems) -> Iterator[Api]:
    """Few candidates of each leg, so that most pages lie below them; a visitor `v`, a rule."""
    options = {"candidates_per_leg": 20, "swap_poll_s": 0.05, "rule_writes": True}
    with serve_items(rows(), **options) as api:
        assert api("PUT", "/v1/rules", {"rules": [RULE]}).status == 200
        for item_id in ("lamp-05-1", "lamp-17-1", "lamp-03-0"):
            assert api.event("click", item_id, "v").status == 200
        wait_until(lambda: api.search("desk lamp", "nobody")["rules_applied"])
        yield api


def ask(api: Api, **fields: object) -> Any:
    body = {"query": "desk lamp", "session_id": "v", "deadline_ms": 30_000, **fields}
    response = api("POST", "/v1/search", body)
    assert response.status == 200, response
    assert response.body["degraded"] == []
    return response.body


def all_pages(api: Api, size: int, *, by_cursor: bool, **fields: object) -> list[Any]:
    """The answers of all pages by `from` or by cursor."""
    answers: list[Any] = []
    page: dict[str, object] = {}
    shown = 0
    while not answers or answers[-1]["next_cursor"]:
        answers.append(ask(api, size=size, **fields, **page))
        shown += len(answers[-1]["hits"])
        page = {"cursor": answers[-1]["next_cursor"]} if by_cursor else {"from": shown}
    return answers


def key_of(hit: Any, *, collapsed: bool) -> str:
    source = hit["source"]
    return str(source.get("group_id", hit["item_id"]) if collapsed else hit["item_id"])


@pytest.mark.parametrize("order", [None, "price"])
@pytest.mark.parametrize("collapse", [None, False])
@pytest.mark.parametrize("request_fields", REQUESTS, ids=str)
def test_pages_totals_facets_and_pins_agree(
    api: Api, request_fields: dict[str, Any], collapse: bool | None, order: object
) -> None:
    fields = request_fields | {"collapse": collapse, "sort": order, "facets": FACETS}
    collapsed = collapse is None
    lists = [
        all_pages(api, 9, by_cursor=True, **fields),
        all_pages(api, 70, by_cursor=False, **fields),
    ]
    for answers in lists:
        hits = [hit for answer in answers for hit in answer["hits"]]
        keys = [key_of(hit, collapsed=collapsed) for hit in hits]
        assert len(set(keys)) == len(keys)
        assert {answer["total"]["value"] for answer in answers} == {len(hits)}
        assert {answer["total"]["relation"] for answer in answers} == {"eq"}
        assert [hit["position"] for hit in hits] == list(range(1, len(hits) + 1))
        assert all(answer["facets"] == answers[0]["facets"] for answer in answers)
        assert not {hit["item_id"] for hit in hits} & set(HIDDEN)
        at = {hit["item_id"]: hit["position"] for hit in hits}
        if order is None:
            pinned = {pin["item_id"]: pin["position"] for pin in PINS}
            did = answers[0]["rules_applied"][0]["did"]
            for item_id, position in pinned.items():
                shown = f"pinned {item_id} at {position}" in did
                assert (at.get(item_id) == position) is shown, (item_id, at.get(item_id), did)
        elif order == "price":
            prices = [hit["source"].get("price") for hit in hits]
            have = [price for price in prices if price is not None]
            assert have == sorted(have)
            assert prices[len(have) :] == [None] * (len(prices) - len(have))
    first, second = ([h["item_id"] for a in each for h in a["hits"]] for each in lists)
    assert first == second


@pytest.mark.parametrize("collapse", [None, False])
@pytest.mark.parametrize("request_fields", REQUESTS, ids=str)
def test_the_count_of_a_value_is_the_total_of_a_request_for_it(
    api: Api, request_fields: dict[str, Any], collapse: bool | None
) -> None:
    fields = request_fields | {"collapse": collapse, "size": 0}
    filters = request_fields.get("filters", {})
    facets = ask(api, **fields, facets=FACETS)["facets"]

    def total(**changed: object) -> int:
        answer = ask(api, **fields | {"filters": filters | changed})["total"]
        return int(answer["value"]) - int(answer["by_meaning"])

    counts: dict[str, tuple[int, int]] = {}
    for name in ("brand", "available"):
        for value in facets[name]["values"]:
            counts[f"{name} {value['value']}"] = (
                value["count"], total(**{name: value["value"]}),
            )  # fmt: skip
    for top in facets["category"]["values"]:
        for value in (top, *top.get("values", ())):
            counts[value["value"]] = (value["count"], total(category=value["value"]))
    attributes = filters.get("attributes", {})
    for value in facets["attributes.colour"]["values"]:
        asked = attributes | {"colour": value["value"]}
        counts[value["value"]] = (value["count"], total(attributes=asked))
    for bucket in facets["price"]["histogram"]:
        bounds = {side: bucket[side] for side in ("gte", "lt") if side in bucket}
        counts[f"price {bounds}"] = (bucket["count"], total(price=bounds))
    assert {name: pair for name, pair in counts.items() if pair[0] != pair[1]} == {}
    assert facets["brand"]["refined"] is ("brand" in filters)
    assert facets["price"]["refined"] is ("price" in filters)
