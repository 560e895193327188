"""Misspelt words: the answer says what was corrected; the original on request."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.serving import Api, ServeItems, item_ids

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def api(serve_items: ServeItems) -> Iterator[Api]:
    """Headphones and speakers, and some items with words that occur once."""
    rows: list[dict[str, Any]] = [
        {"item_id": f"phones-{n:03}", "title": f"wireless headphones {n}", "brand": "Acme",
         "category": "Audio", "price": n}
        for n in range(150)
    ] + [
        {"item_id": f"speaker-{n}", "title": f"bluetooth speakers {n}", "brand": "Bolt",
         "category": "Audio"}
        for n in range(3)
    ]  # fmt: skip
    rows += [
        {"item_id": "poke", "title": "Pokémon Schäferei cards", "identifiers": "HEADPHONEX"},
        {"item_id": "rare", "title": "shower head holder", "brand": "Speakerz",
         "description": "made of bakelite"},
        {"item_id": "phone", "title": "小米手机 手机", "category": "Phones"},
    ]  # fmt: skip
    with serve_items(rows) as api:
        yield api


@pytest.mark.parametrize(
    ("query", "corrected"),
    [
        ("wireless hedphones", "wireless headphones"),
        ("Wireless Hedphones", "Wireless headphones"),
        ('"hedphones", wireless', '"headphones", wireless'),
        ("wireles hedphones 12", "wireless headphones 12"),
        ("blutooth speekers", "bluetooth speakers"),
        ("pokemom cards", "pokemon cards"),  # in no other title
        ("headhpones", "headphones"),  # two letters swapped
    ],
)
def test_the_answer_says_what_was_corrected(api: Api, query: str, corrected: str) -> None:
    answer = api.search(query, "corrected")
    assert answer["did_you_mean"]["query"] == corrected
    pairs = zip(query.split(), corrected.split(), strict=True)
    changed = [(a.strip('",'), b.strip('",')) for a, b in pairs if a != b]
    words = [(word["from"], word["to"]) for word in answer["did_you_mean"]["words"]]
    assert words == changed
    assert answer["hits"]
    assert not answer["hits"][0]["by_meaning"]
    assert "did_you_mean" in answer["stages_run"]
    assert answer["degraded"] == []


@pytest.mark.parametrize(
    "query",
    [
        "wireless headphones",
        "headphone",  # stemmed
        "pokemon",
        "schaferei",  # occurs once: the vocabulary of a large catalogue lacks it
        "speakerz",  # a brand
        "bakelite",  # in a description
        "headphonex",  # an identifier
        "showerhead",  # joined
        "show erhead holder",  # joined otherwise
        "headph",  # being typed
        "speakers2000",  # a model number
        "XZ-speekers",
        "hedph",  # too many wrong for so few letters
        "zxqvwzz kjqqzjj",
        "小米手",
    ],
)
def test_words_that_are_right_or_near_nothing_are_not_corrected(api: Api, query: str) -> None:
    assert api.search(query, "right")["did_you_mean"] is None


def test_nothing_is_corrected_where_the_filters_leave_no_hit(api: Api) -> None:
    answer = api.search("hedphones", "f", filters={"category": "Audio"}, sort="price")
    assert answer["did_you_mean"]["query"] == "headphones"
    answer = api.search("hedphones", "f", filters={"category": "Phones"})
    assert answer["did_you_mean"] is None


def test_without_spelling_no_misspelt_word_is_matched(api: Api) -> None:
    """In the legs, sorted, below the candidates, in facets, marks and missing words."""
    for options in ({}, {"sort": "price"}, {"facets": ["brand"]}, {"from": 120, "size": 5}):
        with_it = api.search("hedphones", "s", **options)
        without = api.search("hedphones", "s", spelling=False, **options)
        assert with_it["total"]["value"] - with_it["total"]["by_meaning"] == 150
        assert without["total"]["value"] == without["total"]["by_meaning"]
        assert without["did_you_mean"] is None
        assert all(hit["by_meaning"] for hit in without["hits"])
        if without["facets"]:
            counts = [value["count"] for value in without["facets"]["brand"]["values"]]
            assert sum(counts) <= without["total"]["value"]
    answer = api.search("hedphones cards", "s", spelling=False, highlight=True)
    assert item_ids(answer)[0] == "poke"
    assert "<em>" in answer["hits"][0]["highlight"]["title"]
    marks = [hit["highlight"]["title"] for hit in answer["hits"] if hit["item_id"] != "poke"]
    assert not any("<em>" in mark for mark in marks)
    assert answer["missing_words"] == ["hedphones"]
    right = api.search("wireless headphones", "s", spelling=False)
    assert right["total"]["value"] >= 150


def test_a_cursor_belongs_to_its_spelling(api: Api) -> None:
    first = api.search("wireless hedphones", "c", size=100)
    later = api.search("wireless hedphones", "c", size=100, cursor=first["next_cursor"])
    assert later["did_you_mean"] == first["did_you_mean"]
    body = {"query": "wireless hedphones", "session_id": "c", "spelling": False}
    response = api("POST", "/v1/search", body | {"cursor": first["next_cursor"]})
    assert response.status == 422


@pytest.mark.parametrize("spelling", ["no", 0, None])
def test_spelling_is_a_boolean(api: Api, spelling: object) -> None:
    body = {"query": "lamp", "session_id": "s", "spelling": spelling}
    response = api("POST", "/v1/search", body)
    assert response.status == 422
    assert response.body["errors"][0]["field"] == "spelling"
    response = api("POST", "/v1/recommend", {"session_id": "s", "spelling": False})
    assert response.status == 422  # there is no query to correct
