"""Changes of some fields: what a row gives, what it removes, and what stays."""

from pathlib import Path

import pytest

from indexer.catalogue.changes.item_changes import ItemChange, change_windows, joined, read_changes
from indexer.catalogue.changes.lost_fields import vanished
from indexer.catalogue.items import Item
from indexer.catalogue.notes import Notes
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.reading_rules import MappingError, ReadingRules
from indexer.catalogue.rejects import Reject
from indexer.catalogue.translations import Translation
from indexer.catalogue.values.text import ValueProblem

PHONE = Item(
    "5", "Red phone", description="Good", brand="Acme", category=("Phones", "Smart"), price=9.0,
    currency="USD", available=False, popularity=3.0, attributes={"colour": "red", "size": "L"},
)  # fmt: skip


def changed(raw: dict, rules: ReadingRules | None = None) -> Item:
    return ItemChange.of({"item_id": "5", **raw}, rules or ReadingRules()).of_item(PHONE)


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        ({"price": 7}, {"price": 7.0}),
        ({"price": "7,50 €"}, {"price": 7.5, "currency": "EUR"}),
        ({"available": True}, {"available": True}),
        ({"brand": None}, {"brand": ""}),
        ({"price": None, "currency": ""}, {"price": None, "currency": ""}),
        ({"category": "A > B"}, {"category": ("A", "B")}),
        ({"category": None}, {"category": ()}),
        ({"title": "Blue phone"}, {"title": "Blue phone"}),
        ({"attributes": {"size": "M"}}, {"attributes": {"colour": "red", "size": "M"}}),
        ({"attributes": {"size": None}}, {"attributes": {"colour": "red"}}),
        ({"attributes": None}, {"attributes": {}}),
    ],
)
def test_only_the_given_fields_change_and_a_blank_value_removes(raw: dict, fields: dict) -> None:
    after = changed(raw)
    assert {name: getattr(after, name) for name in fields} == fields
    others = set(Item.__slots__) - set(fields) - {"other_categories"}
    assert all(getattr(after, name) == getattr(PHONE, name) for name in others)


@pytest.mark.parametrize("raw", [{}, {"attributes": {}}, {"nonsense": 3}])
def test_a_change_of_nothing_changes_nothing(raw: dict) -> None:
    assert changed(raw) == PHONE


@pytest.mark.parametrize("raw", [{"title": ""}, {"title": None}, {"title": " "}])
def test_a_title_can_not_be_removed(raw: dict) -> None:
    with pytest.raises(ValueProblem):
        changed(raw)


def test_a_value_that_can_not_be_read_changes_nothing() -> None:
    notes = Notes()
    change = ItemChange.of(
        {"item_id": "5", "price": "call us", "brand": "B"}, ReadingRules(), notes
    )
    assert change.names == ("brand",)
    assert notes.unread["price"].count == 1
    with pytest.raises(ValueProblem, match="price"):
        changed({"price": "call us", "brand": "B"}, ReadingRules(strict=True))


def test_a_file_with_some_columns_is_read_as_changes(tmp_path: Path) -> None:
    path = tmp_path / "stock.csv"
    path.write_text("sku,cost,available,color\n5,7,,blue\n6,,yes,\n,1,yes,\n5,8,no,\n")
    mapping = ColumnMap(
        columns={"item_id": ("sku",), "price": ("cost",), "title": ("name",)},
        constants={"currency": "USD"},
        partial=True,
    )
    with CatalogueSource(path, mapping).open() as catalogue:
        rows = list(read_changes(catalogue))
        [window] = change_windows(catalogue, 10)
    assert [row.reason for row in rows if isinstance(row, Reject)] == ["item_id is missing"]
    five, six = joined(window)
    assert five.of_item(PHONE).price == 8.0
    assert five.of_item(PHONE).attributes == {"colour": "red", "size": "L"}
    assert six.of_item(PHONE).price is None
    assert (six.of_item(PHONE).available, six.of_item(PHONE).currency) == (True, "USD")


def test_a_file_of_changes_needs_an_item_id(tmp_path: Path) -> None:
    path = tmp_path / "stock.csv"
    path.write_text("sku,price\n5,7\n")
    with (
        CatalogueSource(path, ColumnMap(partial=True)).open() as catalogue,
        pytest.raises(MappingError, match="item_id"),
    ):
        list(read_changes(catalogue))


def test_what_vanished_is_named_with_its_old_value() -> None:
    after = Item("5", "Red phone", price=9.0, attributes={"size": "L"})
    assert vanished(PHONE, after) == {
        "description": "Good",
        "brand": "Acme",
        "category": "Phones > Smart",
        "currency": "USD",
        "popularity": "3.0",
        "attributes.colour": "red",
        "available": "false became true",
    }
    assert vanished(PHONE, PHONE) == {}


def test_what_vanished_is_said_as_a_catalogue_has_it() -> None:
    before = Item(
        "5", "Red phone", attributes={"new": True, "colour": ["red", "blue"]}, prices={"EUR": 9.5},
        translations={"de": Translation("Rotes Handy", "Gut"), "fr": Translation("", "Bon")},
    )  # fmt: skip
    assert vanished(before, Item("5", "Red phone")) == {
        "prices": "EUR: 9.5",
        "translations": "de: Rotes Handy, fr: no title",
        "attributes.new": "true",
        "attributes.colour": "red, blue",
    }
