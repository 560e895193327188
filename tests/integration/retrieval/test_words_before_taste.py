"""One click chooses among items that have all words of a query; it puts no others before them."""

from collections.abc import Iterator

import pytest

from tests.integration.serving import Api, ServeItems, item_ids

pytestmark = pytest.mark.node
PURPLE = [f"purple-{n}" for n in range(6)]


@pytest.fixture(scope="module")
def api(serve_items: ServeItems) -> Iterator[Api]:
    """Black headphones of one brand, purple ones of others, and other purple things."""
    rows = [
        {"item_id": f"black-{n}", "title": f"Lumen {n} over-ear headphones, black",
         "brand": "Kestrel", "category": "Audio > Headphones", "price": 90, "popularity": 50}
        for n in range(30)
    ] + [
        {"item_id": item_id, "title": f"Nova {n} kids headphones, purple",
         "brand": f"Brand {n}", "category": "Audio > Headphones", "price": 30, "popularity": n}
        for n, item_id in enumerate(PURPLE)
    ] + [
        {"item_id": f"lamp-{n}", "title": f"Glow {n} desk lamp, purple", "brand": "Glow",
         "category": "Home > Lamps", "price": 25}
        for n in range(10)
    ]  # fmt: skip
    with serve_items(rows) as api:
        yield api


@pytest.mark.parametrize(
    "query", ["purple headphones", "headphones purple", "headphones in purple"]
)
def test_items_with_all_words_come_first_after_a_click_on_another(api: Api, query: str) -> None:
    for number in range(3):
        api.event("click", f"black-{number}", "visitor")
    assert set(item_ids(api.search(query, "visitor"))[: len(PURPLE)]) == set(PURPLE)


def test_the_visitors_taste_orders_the_items_that_have_all_words(api: Api) -> None:
    api.event("add_to_cart", "purple-0", "taste")
    api.event("click", "purple-0", "taste")
    before = item_ids(api.search("purple headphones", "nobody"))[: len(PURPLE)]
    after = item_ids(api.search("purple headphones", "taste"))[: len(PURPLE)]
    assert set(after) == set(before) == set(PURPLE)
    assert after.index("purple-0") == 0 < before.index("purple-0")


def test_a_word_that_all_have_leaves_the_choice_to_taste(api: Api) -> None:
    api.event("click", "purple-3", "one-word")
    assert item_ids(api.search("headphones", "one-word"))[0] == "purple-3"
