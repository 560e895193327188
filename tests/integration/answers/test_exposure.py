"""Floors of exposure over HTTP: groups reach them, shares add up, one order over all pages."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.serving import Api, ServeItems

pytestmark = pytest.mark.node
QUERY = {"query": "lamp", "session_id": "exposure", "size": 20, "diversity": 0}
Hit = dict[str, Any]


def rows() -> list[dict[str, Any]]:
    """Lamps of a known brand whose titles say little else, and others, unpopular and new."""
    known = [
        {"item_id": f"known-{n}", "title": "Lamp", "brand": "Known", "popularity": 500 + n}
        for n in range(30)
    ]
    rare = [
        {"item_id": f"rare-{n}", "title": "Lamp for a desk with arms", "brand": "Rare",
         "category": "Light > Desk", "popularity": float(n % 2),
         "attributes": {"seller": "Small Shop"}}
        for n in range(30)
    ]  # fmt: skip
    return known + rare


@pytest.fixture(scope="module")
def api(serve_items: ServeItems) -> Iterator[Api]:
    with serve_items(rows(), default_deadline_ms=20_000) as api:
        yield api


def share(hits: list[Hit], belongs: Callable[[Hit], bool]) -> float:
    weights = [1 / math.log2(place + 2) for place in range(len(hits))]
    own = [weight for hit, weight in zip(hits, weights, strict=True) if belongs(hit)]
    return sum(own) / sum(weights)


def is_rare(hit: Hit) -> bool:
    return bool(hit["item_id"].startswith("rare"))


def is_new(hit: Hit) -> bool:
    return is_rare(hit) and int(hit["item_id"].partition("-")[2]) % 2 == 0


@pytest.mark.parametrize("path", ["/v1/search", "/v1/recommend"])
@pytest.mark.parametrize(
    ("group", "belongs"),
    [("long_tail", is_rare), ("new", is_new), ("brand:rare", is_rare),
     ("category:Light", is_rare), ("attributes.seller:small shop", is_rare)],
)  # fmt: skip
def test_a_group_gets_its_floor(api: Api, path: str, group: str, belongs: Any) -> None:
    body: dict[str, Any] = {**QUERY, "exposure": {"floors": {group: 0.4}, "max_cost": 1}}
    if path.endswith("recommend"):
        assert api.event("click", "known-1", "exposure").status == 200
        del body["query"]
    before = api("POST", path, {**body, "exposure": {"floors": {}}}).body["hits"]
    after = api("POST", path, body).body["hits"]
    assert share(before, belongs) < 0.35 < share(after, belongs) < 0.6


def test_an_attribute_that_the_index_lacks_is_named(api: Api) -> None:
    floors = {"attributes.sellr:Small Shop": 0.4}
    answer = api("POST", "/v1/search", {**QUERY, "exposure": {"floors": floors}})
    assert answer.status == 422
    [error] = answer.body["errors"]
    assert error["field"] == "exposure.floors.attributes.sellr:Small Shop"
    assert error["message"] == "there is no such attribute. There are: seller"


def test_no_cost_leaves_the_order_and_a_small_one_moves_little(api: Api) -> None:
    def ids(max_cost: float) -> list[str]:
        floors = {"floors": {"long_tail": 0.4}, "max_cost": max_cost}
        hits = api("POST", "/v1/search", {**QUERY, "exposure": floors}).body["hits"]
        return [hit["item_id"] for hit in hits]

    plain = [
        hit["item_id"]
        for hit in api("POST", "/v1/search", {**QUERY, "exposure": {"floors": {}}}).body["hits"]
    ]
    assert ids(0) == plain
    assert ids(1) != plain


def test_what_it_gives_a_hit_is_a_share_of_its_score(api: Api) -> None:
    floors = {"floors": {"long_tail": 0.5}, "max_cost": 1}
    answer = api("POST", "/v1/search", {**QUERY, "exposure": floors, "explain": True}).body
    raised = 0
    for hit in answer["hits"]:
        shares = hit["explanation"]["shares"]
        assert sum(each["value"] for each in shares) == pytest.approx(hit["score"], abs=1e-4)
        given = [each["value"] for each in shares if each["kind"] == "exposure"]
        assert not given or (is_rare(hit) and given[0] > 0)
        raised += len(given)
    assert raised


def test_every_item_is_on_one_page(api: Api) -> None:
    floors = {"floors": {"long_tail": 0.4, "new": 0.3}, "max_cost": 1}
    ids: list[str] = []
    body: dict[str, Any] = {**QUERY, "size": 7, "exposure": floors}
    while True:
        answer = api("POST", "/v1/search", body).body
        ids += [hit["item_id"] for hit in answer["hits"]]
        if answer["next_cursor"] is None:
            break
        body["cursor"] = answer["next_cursor"]
    assert len(ids) == len(set(ids)) == answer["total"]["value"] == 60


@pytest.mark.parametrize(
    "wrong",
    [{"floors": {"sellers": 0.2}}, {"floors": {"brand:": 0.2}}, {"floors": {"new": 2}}, {},
     {"floors": {"new": 0.2}, "max_cost": -1}, "long_tail=0.3",
     {"floors": {f"brand:{n}": 0.01 for n in range(11)}}],
)  # fmt: skip
def test_wrong_floors_are_refused_by_name(api: Api, wrong: Any) -> None:
    answer = api("POST", "/v1/search", {**QUERY, "exposure": wrong})
    assert answer.status == 422
    assert answer.body["errors"][0]["field"].startswith("exposure")


def test_the_setting_holds_where_a_request_says_nothing(serve_items: ServeItems) -> None:
    with serve_items(rows(), default_deadline_ms=20_000, exposure="brand:Rare=0.5",
                     exposure_max_cost=1.0) as api:  # fmt: skip
        hits = api("POST", "/v1/search", QUERY).body["hits"]
        assert share(hits, is_rare) > 0.4
        metrics = api("GET", "/metrics").body
        assert 'live_intent_exposure_total{catalogue="shop",group="long_tail"}' in metrics
