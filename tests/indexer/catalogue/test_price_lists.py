"""Prices by list: what is read, what is refused, what a change does."""

from typing import Any

import pytest

from indexer.catalogue.changes.item_changes import ItemChange
from indexer.catalogue.items import to_item
from indexer.catalogue.reading_rules import ReadingRules
from indexer.catalogue.values.price_lists import read_prices
from indexer.catalogue.values.text import ValueProblem

LAMP = to_item({"item_id": "1", "title": "lamp", "prices": {"EUR": 9, "b2b": 8}})


@pytest.mark.parametrize(
    ("value", "prices"),
    [
        ({"EUR": "9,50 €", "b2b": 8}, {"EUR": 9.5, "b2b": 8}),
        ('{"EUR": 9.5}', {"EUR": 9.5}),  # of a CSV file
        ({"USD": {"amount": "7.10", "currency": "USD"}, "EUR": None}, {"USD": 7.1}),
        ("", {}),
        (None, {}),
    ],
)
def test_prices_are_read_as_a_price_is(value: Any, prices: dict[str, float]) -> None:
    assert read_prices(value) == prices


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([9, 8], "not an object"),
        ("9.50", "not an object"),
        ({"a.b": 9}, "1 to 32 letters"),
        ({"EUR": "$ 9"}, "is in USD"),
        ({"EUR": -1}, "negative"),
        ({f"list{n}": 1 for n in range(51)}, "at most 50"),
    ],
)
def test_what_are_no_prices_is_said(value: Any, message: str) -> None:
    with pytest.raises(ValueProblem, match=message):
        read_prices(value)


@pytest.mark.parametrize(
    ("changes", "prices"),
    [
        ([{"b2b": 7}], {"EUR": 9, "b2b": 7}),
        ([{"b2b": None}], {"EUR": 9}),
        ([None], {}),
        ([None, {"USD": 5}], {"USD": 5}),
        ([{"USD": 5}, {"EUR": None}], {"USD": 5, "b2b": 8}),
        ([{"USD": 5}, None], {}),
    ],
)
def test_a_change_merges(changes: list[Any], prices: dict[str, float]) -> None:
    first, *rest = [
        ItemChange.of({"item_id": "1", "prices": change}, ReadingRules()) for change in changes
    ]
    for change in rest:
        first = first.then(change)
    assert first.of_item(LAMP).prices == prices
