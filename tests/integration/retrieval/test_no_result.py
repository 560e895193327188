"""No item has all words of a query, or any: what is missing is said, popular items come beside."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.serving import Api, ServeItems, item_ids

pytestmark = pytest.mark.node
NOTHING = "zxqvw kjqqz"


@pytest.fixture(scope="module")
def api(serve_items: ServeItems) -> Iterator[Api]:
    """A shop of lamps, toasters and a phone; the lamps are blue or red, the toasters red."""
    rows = [
        {"item_id": f"lamp-{n}", "title": f"{'blue' if n % 2 else 'red'} desk lamp {n}",
         "brand": "Acme", "category": "Home > Lamps", "popularity": n,
         "description": "with a <b>dimmer</b> of oak"}
        for n in range(20)
    ] + [
        {"item_id": f"toaster-{n}", "title": f"red toaster {n}", "brand": "Bolt",
         "category": "Home > Kitchen", "popularity": 3 * n, "identifiers": f"XZ-90{n}"}
        for n in range(10)
    ]  # fmt: skip
    rows.append({"item_id": "phone", "title": "小米 手机 wifi phone", "category": "Phones"})
    with serve_items(rows) as api:
        yield api


@pytest.mark.parametrize(
    ("query", "missing"),
    [
        ("desk lamp", []),
        ("blue desk lamp", []),
        ("acme lamp dimmer", []),  # in three fields
        ("red toastr", []),  # misspelt
        ("blue toaster", ["blue"]),  # the less selective word goes
        ("blue toaster frobnicator", ["blue", "frobnicator"]),
        ("zxqvw desk lamp", ["zxqvw"]),
        ("wi fi phone", []),  # as one word
        ("red toas", []),  # a word that is being typed
        ("toaster XZ-903", []),
        ("小米 toaster", ["toaster"]),
        ("toaster", []),
        ("toaster & !", []),
    ],
)
def test_the_words_that_no_item_has_with_the_others_are_named(
    api: Api, query: str, missing: list[str]
) -> None:
    answer = api.search(query, "words")
    assert answer["missing_words"] == missing
    assert answer["hits"]
    assert answer["instead"] is None


def test_a_filter_decides_which_words_are_missing(api: Api) -> None:
    query, kitchen = "red lamp toaster", {"category": "Home > Kitchen"}
    assert api.search("red lamp", "f")["missing_words"] == []
    assert api.search("red lamp", "f", filters=kitchen)["missing_words"] == ["lamp"]
    assert api.search(query, "f", filters=kitchen, sort="price")["missing_words"] == ["lamp"]


def test_later_pages_do_not_repeat_the_missing_words(api: Api) -> None:
    answer = api.search("blue toaster", "p", size=5)
    assert answer["missing_words"] == ["blue"]
    later = api.search("blue toaster", "p", size=5, cursor=answer["next_cursor"])
    assert later["missing_words"] == []


def test_beside_no_result_come_popular_items_marked_as_such(api: Api) -> None:
    answer = api.search(NOTHING, "nobody", size=6)
    assert answer["hits"] == []
    assert answer["total"]["value"] == 0
    assert answer["degraded"] == []
    assert answer["missing_words"] == NOTHING.split()
    instead = answer["instead"]
    assert (instead["kind"], instead["filtered"], len(instead["hits"])) == ("popular", False, 6)
    expected = api("POST", "/v1/recommend", {"session_id": "another", "size": 6}).body
    assert item_ids(instead) == item_ids(expected)


def test_beside_no_result_come_items_for_the_visitor(api: Api) -> None:
    for n in (1, 3):
        assert api.event("add_to_cart", f"lamp-{n}", "visitor").status == 200
    answer = api.search(NOTHING, "visitor", size=5, explain=True, fields=["title"])
    instead = answer["instead"]
    assert instead["kind"] == "personal"
    assert all("lamp" in hit["source"]["title"] for hit in instead["hits"][:3])
    assert all(set(hit["source"]) == {"title"} for hit in instead["hits"])
    for hit in instead["hits"]:
        shares = sum(share["value"] for share in hit["explanation"]["shares"])
        assert shares == pytest.approx(hit["score"], abs=1e-4)


@pytest.mark.parametrize(
    ("filters", "filtered"),
    [({"category": "Home > Kitchen"}, True), ({"brand": "none of ours"}, False)],
)
def test_filters_hold_beside_no_result_where_an_item_fulfils_them(
    api: Api, filters: dict[str, Any], filtered: bool
) -> None:
    answer = api.search(NOTHING, "filters", filters=filters)
    assert answer["hits"] == []
    assert answer["instead"]["filtered"] is filtered
    assert answer["instead"]["hits"]
    if filtered:
        assert {hit["source"]["brand"] for hit in answer["instead"]["hits"]} == {"Bolt"}


def test_a_result_or_a_recommendation_has_nothing_instead(api: Api) -> None:
    assert api.search("toaster", "r")["instead"] is None
    filters = {"brand": "none of ours"}
    body = {"session_id": "r", "filters": filters, "deadline_ms": 20_000}
    answer = api("POST", "/v1/recommend", body).body
    assert (answer["hits"], answer["instead"], answer["missing_words"]) == ([], None, [])
