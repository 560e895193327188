"""Items and changes as lines of a feed: what is read of them is what they were."""

import pytest

from indexer.catalogue.changes.feed_lines import update_lines, upsert_line
from indexer.catalogue.changes.item_changes import ItemChange, joined
from indexer.catalogue.items import to_item
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.reading_rules import ReadingRules
from indexer.change_feed.change import ChangeReader

AT = 1_780_000_000_000
FULL = {
    "item_id": "7", "title": "Lamp", "description": "<b>Bright</b>", "brand": "Acme",
    "category": [["Home", "Lamps"], ["Gifts"]], "price": 9.5, "currency": "EUR", "available": False,
    "popularity": 3, "image_url": "https://x.test/7.jpg", "language": "en",
    "attributes": {"colour": "red", "watts": 40, "dim": True, "tags": ["a", "b"]},
    "updated_at": "2026-05-28T20:26:40Z", "identifiers": ["SKU-7"], "prices": {"USD": 11.0},
    "group_id": "g", "translations": {"de": {"title": "Lampe", "category": [["Haus", "Lampen"]]}},
}  # fmt: skip


@pytest.mark.parametrize("row", [FULL, {"item_id": "7", "title": "Lamp"}])
def test_an_item(row):
    item = to_item(row)
    [line] = upsert_line(item, AT)
    assert ChangeReader(ColumnMap()).read(line).item == item


@pytest.mark.parametrize(
    "raws",
    [
        [{"price": 3, "available": "no", "brand": None, "category": [["A", "B"], ["C"]]}],
        [{"category": None, "prices": {"USD": None, "EUR": 3}, "translations": {"de": None}}],
        [{"attributes": {"colour": None, "size": "L"}}],
        [{"attributes": None}],
        [{"attributes": None}, {"attributes": {"size": "L"}}],
        [{"prices": None}, {"prices": {"EUR": 3}}],
        [{"translations": None}, {"translations": {"fr": {"title": "Lampe", "category": None}}}],
    ],
)
def test_a_change(raws):
    rules = ReadingRules()
    [change] = joined([ItemChange.of({"item_id": "7", **raw}, rules) for raw in raws])
    item = again = to_item(FULL)
    for line in update_lines(change, AT):
        read = ChangeReader(ColumnMap()).read(line)
        assert (read.op, read.version) == ("update", AT)
        assert read.update is not None
        again = read.update.of_item(again)
    assert again == change.of_item(item)
