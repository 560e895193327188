"""All pages: every match once, in one order, whatever the page size, up to a stated end."""

import base64
import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.serving import Api, ServeItems, item_ids

pytestmark = pytest.mark.node
LAMPS, OTHERS = 150, 50


@pytest.fixture(scope="module")
def api(serve_items: ServeItems) -> Iterator[Api]:
    """A shop of 150 lamps, many of them alike to the last digit, and 50 other items.

    Few candidates of each leg, so that most pages lie below them.
    """
    rows = [
        {"item_id": f"lamp-{n:03}", "title": f"desk lamp {'red' if n % 9 == 0 else 'white'}",
         "brand": "Acme" if n % 3 else "Bolt", "popularity": n % 4}
        for n in range(LAMPS)
    ]  # fmt: skip
    rows += [{"item_id": f"hose-{n:02}", "title": f"garden hose {n}"} for n in range(OTHERS)]
    with serve_items(rows, candidates_per_leg=20) as api:
        yield api


def pages(api: Api, path: str, size: int, **fields: object) -> list[dict[str, Any]]:
    """The hits of all pages by `from`, until a page is empty."""
    hits: list[dict[str, Any]] = []
    while True:
        body = {"deadline_ms": 20_000, "size": size, "from": len(hits), **fields}
        response = api("POST", path, body)
        assert response.status == 200, response
        assert response.body["degraded"] == []
        if not response.body["hits"]:
            assert response.body["next_cursor"] is None
            return hits
        hits += response.body["hits"]


def visit(api: Api, session_id: str) -> None:
    """A visitor who searched for other things and acted on some lamps."""
    api.search("garden hose", session_id)
    for item_id, action in (
        ("lamp-018", "click"),
        ("lamp-027", "add_to_cart"),
        ("lamp-004", "view"),
    ):
        assert api.event(action, item_id, session_id).status == 200
    api.search("white", session_id)


@pytest.mark.parametrize("visited", [False, True], ids=["nobody", "visitor"])
def test_all_pages_of_a_search_have_each_match_once_whatever_their_size(
    api: Api, visited: bool
) -> None:
    session_id = f"search-{visited}"
    if visited:
        visit(api, session_id)
    orders = []
    for size in (10, 37, 100):
        hits = pages(api, "/v1/search", size, query="desk lamp", session_id=session_id)
        orders.append([hit["item_id"] for hit in hits])
        words = [hit["item_id"] for hit in hits if not hit["by_meaning"]]
        assert sorted(words) == [f"lamp-{n:03}" for n in range(LAMPS)]
        assert len(set(orders[-1])) == len(hits)
        assert [hit["position"] for hit in hits] == list(range(1, len(hits) + 1))
        scores = [hit["score"] for hit in hits]
        assert scores == sorted(scores, reverse=True)
        reranked = [hit["reranked"] for hit in hits]
        assert reranked == sorted(reranked, reverse=True)
        assert not all(reranked)
    assert orders[0] == orders[1] == orders[2]
    answer = api.search("desk lamp", session_id, size=1)
    total = answer["total"]
    assert total == {"value": len(orders[0]), "relation": "eq", "by_meaning": total["by_meaning"]}
    assert total["value"] - total["by_meaning"] == LAMPS
    assert answer["personalized"] is visited


@pytest.mark.parametrize("visited", [False, True], ids=["nobody", "visitor"])
def test_all_pages_of_a_recommendation_have_each_item_once(api: Api, visited: bool) -> None:
    session_id = f"recommend-{visited}"
    acted_on = 3 if visited else 0
    if visited:
        visit(api, session_id)
    orders = [
        [hit["item_id"] for hit in pages(api, "/v1/recommend", size, session_id=session_id)]
        for size in (10, 64)
    ]
    assert orders[0] == orders[1]
    assert len(set(orders[0])) == len(orders[0]) == LAMPS + OTHERS - acted_on


def test_a_misspelt_query_counts_each_match_once(api: Api) -> None:
    hits = pages(api, "/v1/search", 60, query="gardn desk", session_id="misspelt")
    assert len({hit["item_id"] for hit in hits}) == len(hits)
    answer = api.search("gardn", "misspelt", size=100)
    assert answer["total"] == {"value": OTHERS, "relation": "eq", "by_meaning": 0}
    assert item_ids(answer)
    assert not any(hit["by_meaning"] for hit in answer["hits"])
    assert api.search("gardn desk", "misspelt")["total"]["value"] == len(hits)


def test_filters_hold_on_every_page(api: Api) -> None:
    fields = {"query": "desk lamp", "session_id": "filtered", "filters": {"brand": "Bolt"}}
    hits = pages(api, "/v1/search", 15, **fields)
    assert len(hits) == LAMPS / 3
    assert {hit["source"]["brand"] for hit in hits} == {"Bolt"}


def test_a_cursor_leaves_out_what_the_visitor_does_between_pages(api: Api) -> None:
    session_id = "cursor"
    visit(api, session_id)
    expected = [
        hit["item_id"]
        for hit in pages(api, "/v1/search", 50, query="desk lamp", session_id=session_id)
    ]
    answer = api.search("desk lamp", session_id, size=25)
    found = item_ids(answer)
    while answer["next_cursor"]:
        api.event("click", found[-1], session_id)
        api.search("garden hose 7", session_id)
        answer = api.search("desk lamp", session_id, size=25, cursor=answer["next_cursor"])
        found += item_ids(answer)
    assert found == expected
    clicked = api.search("desk lamp", session_id, size=100)
    assert item_ids(clicked)[:100] != expected[:100]


def test_a_cursor_of_another_request_is_refused(api: Api) -> None:
    cursor = api.search("desk lamp", "asked")["next_cursor"]
    body = {"query": "desk lamp", "session_id": "another", "cursor": cursor}
    response = api("POST", "/v1/search", body)
    assert (response.status, "another request" in response.body["detail"]) == (422, True)


@pytest.mark.parametrize(
    "below",
    [
        {"pit": "abc"}, {"pit": "o463QQEPbXktaW5kZXgtMDAwMDAxFkhGN3Q"}, {"after": ["zzz", "x"]},
        {"after": [1.5]}, {"skip": 2**50}, {"after": [float("inf"), "x"]},
    ],
)  # fmt: skip
def test_a_cursor_that_was_changed_is_refused(api: Api, below: dict[str, Any]) -> None:
    fields = {"query": "desk lamp", "session_id": "changed"}
    packed = base64.urlsafe_b64decode(api.search(**fields)["next_cursor"] + "==")
    content = json.loads(zlib.decompress(packed))
    content |= {"offset": len(content["frozen"]["ids"]), "below": below}
    changed = base64.urlsafe_b64encode(zlib.compress(json.dumps(content).encode())).decode()
    response = api("POST", "/v1/search", fields | {"cursor": changed, "deadline_ms": 20_000})
    assert response.status == 422, response
    assert response.body["detail"] == "the cursor is not one that this service gave"


def test_a_hit_below_the_candidates_explains_its_score(api: Api) -> None:
    fields = {"query": "desk lamp", "session_id": "explained", "explain": True}
    for hit in pages(api, "/v1/search", 100, **fields):
        explanation = hit["explanation"]
        assert sum(share["value"] for share in explanation["shares"]) == pytest.approx(
            hit["score"], abs=1e-4
        )
        assert ("below the candidates" in explanation["why"]) is not hit["reranked"]


def test_a_hit_by_meaning_alone_is_marked_and_counted(api: Api) -> None:
    answer = api.search("hose desk", "both", size=100, explain=True)
    assert answer["total"]["by_meaning"] == sum(hit["by_meaning"] for hit in answer["hits"])
    for hit in answer["hits"]:
        assert hit["by_meaning"] is ("close in meaning" in hit["explanation"]["why"])
