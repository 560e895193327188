"""Lines of a feed: what they become, and what is said of bad ones."""

import json
import time

import pytest

from indexer.catalogue.changes.dead_letters import DeadLetter, DeadLetterFile, letters_of
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.values.text import ValueProblem
from indexer.change_feed.change import ChangeReader, FeedChange, original

AT = 1_780_000_000_000  # ms since 1970


def read(line: object, *options: str, **rules: object) -> FeedChange:
    raw = line if isinstance(line, bytes) else json.dumps(line).encode()
    return ChangeReader(ColumnMap.parse(options, **rules)).read(raw)


def test_an_upsert_an_update_and_a_deletion():
    upsert = read({"op": "upsert", "version": AT, "item_id": 7, "title": "Lamp", "price": "9,50 €"})
    assert upsert.item is not None
    assert (upsert.item_id, upsert.version, upsert.item.price) == ("7", AT, 9.5)
    update = read({"op": "update", "version": AT, "item_id": "7", "price": 8, "brand": None})
    assert update.update is not None
    assert update.update.names == ("price", "brand") or set(update.update.names) == {
        "price",
        "brand",
    }
    assert read({"op": "delete", "version": AT, "item_id": "7"}) == FeedChange("delete", "7", AT)


@pytest.mark.parametrize(
    "at", ["2026-05-28T20:26:40Z", "2026-05-28T22:26:40+02:00", AT, AT // 1000]
)
def test_a_time_is_a_version(at):
    assert read({"op": "delete", "time": at, "item_id": "7"}).version == AT


def test_a_line_is_read_by_the_column_mapping():
    row = {"op": "upsert", "version": AT, "sku": "7", "name": "Lamp", "size": "L", "junk": 1}
    change = read(row, "item_id=sku", "title=name", "attributes.size=size", ignore=["junk"])
    assert change.item is not None
    assert (change.item_id, change.item.title, change.item.attributes) == (
        "7",
        "Lamp",
        {"size": "L"},
    )
    assert read({"op": "delete", "version": AT, "sku": "7"}, "item_id=sku").item_id == "7"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "not JSON: .*, column"),
        (b"[1]", "not a JSON object"),
        ({"version": AT, "item_id": "7"}, "op is missing: allowed are upsert, update, delete"),
        ({"op": "put", "version": AT}, "op .*put.*: allowed are upsert, update, delete"),
        ({"op": "delete", "item_id": "7"}, "version or time is missing"),
        ({"op": "delete", "item_id": "7", "version": AT, "time": AT}, "both version and time"),
        ({"op": "delete", "item_id": "7", "version": 17}, "version 17: a whole number of ms"),
        ({"op": "delete", "item_id": "7", "version": True}, "a whole number of ms"),
        ({"op": "delete", "item_id": "7", "version": str(AT)}, "a whole number of ms"),
        ({"op": "delete", "item_id": "7", "time": "yesterday"}, "time 'yesterday'"),
        ({"op": "delete", "version": AT}, "item_id is missing"),
        ({"op": "upsert", "version": AT, "item_id": "7"}, "title is missing"),
        ({"op": "update", "version": AT, "item_id": "7"}, "no field to change: the row names none"),
        (
            {"op": "update", "version": AT, "item_id": "7", "price": "cheap", "cost": 5},
            "no field to change: price 'cheap' .*; private here are cost",
        ),
        ({"op": "update", "version": AT, "item_id": "7", "title": ""}, "title can't be removed"),
        (
            {"op": "delete", "item_id": "7", "version": round(time.time() * 1000) + 2 * 86_400_000},
            "more than a day ahead",
        ),
    ],
)
def test_a_bad_line_says_what_is_wanted(line, problem):
    with pytest.raises(ValueProblem, match=problem):
        read(line)


def test_a_value_that_cannot_be_read_is_counted_or_with_strict_a_bad_line():
    row = {"op": "upsert", "version": AT, "item_id": "7", "title": "Lamp", "price": "cheap"}
    reader = ChangeReader(ColumnMap())
    assert reader.read(json.dumps(row).encode()).item is not None
    assert reader.notes.unread["price"].count == 1
    with pytest.raises(ValueProblem, match="price"):
        read(row, strict=True)


def test_a_dead_letter_is_the_line_that_it_holds_byte_by_byte(tmp_path):
    raw = json.dumps({"op": "delete", "version": AT, "item_id": "7"})
    letter = json.dumps({"line": 3, "reason": "not JSON", "raw": raw}).encode()
    assert original(letter) == raw.encode()
    other = '{"op": "upsert", "item_id": "7", "title": "Café"}'.encode("latin-1")
    file = DeadLetterFile(tmp_path / "dead.jsonl", "feed")
    file.add([DeadLetter(other + b"\n", "no UTF-8")])
    assert original((tmp_path / "dead.jsonl").read_bytes()) == other
    item = json.dumps({"op": "update", "item_id": "1", "raw": "denim", "reason": "new"}).encode()
    assert original(item) == item


@pytest.mark.parametrize(
    ("feed", "letters"),
    [
        ("changes.jsonl", "changes.dead.jsonl"),
        ("stdin", "stdin.dead.jsonl"),
        ("changes.dead.jsonl", "changes.dead-2.jsonl"),
        ("changes.dead-2.jsonl", "changes.dead-3.jsonl"),
        ("items.csv.dead.jsonl", "items.csv.dead-2.jsonl"),
    ],
)
def test_dead_letters_that_are_fed_again_have_a_file_with_a_number(feed, letters):
    assert letters_of(feed) == letters
