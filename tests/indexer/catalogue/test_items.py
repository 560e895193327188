"""Real-life catalogues: JSON lines and CSV, packed or not, with broken rows."""

import gzip
import io
import json
import os
import sys
import time
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from indexer.catalogue.files.rows import CatalogueError
from indexer.catalogue.items import Item, read_items, to_item
from indexer.catalogue.notes import Notes
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.rejects import Reject
from indexer.catalogue.values.text import ValueProblem

RETROTECH = ColumnMap.parse(
    [
        "item_id=upc",
        "title=name",
        "brand=manufacturer",
        "description=short_description",
        "description=long_description",
    ]
)


def split(path: Path, mapping: ColumnMap | None = None) -> tuple[list[Item], list[Reject]]:
    with CatalogueSource(path, mapping or ColumnMap()).open() as catalogue:
        rows = list(read_items(catalogue))
    return (
        [row for row in rows if isinstance(row, Item)],
        [row for row in rows if isinstance(row, Reject)],
    )


def test_every_field_of_json(tmp_path: Path) -> None:
    row = {
        "item_id": 7,
        "title": "Phone  &amp; case",
        "description": "<b>New</b>",
        "brand": "Acme",
        "category": "Phones > Smartphones",
        "price": "1,049.00",
        "currency": "USD",
        "available": "no",
        "popularity": 12,
        "image_url": "https://example.com/7.jpg",
        "attributes": {"colour": "red", "weight.kg": 1.5},
        "language": "en",
        "updated_at": "2026-11-24T10:15:00Z",
    }
    file = tmp_path / "one.jsonl"
    file.write_text(json.dumps(row))
    assert split(file) == (
        [
            Item(
                item_id="7",
                title="Phone & case",
                description="<b>New</b>",
                brand="Acme",
                category=("Phones", "Smartphones"),
                price=1049.0,
                currency="USD",
                available=False,
                popularity=12.0,
                image_url="https://example.com/7.jpg",
                attributes={"colour": "red", "weight.kg": 1.5},
                language="en",
                updated_at="2026-11-24T10:15:00Z",
            )
        ],
        [],
    )


def test_bad_rows_are_rejects_with_line_and_reason(tmp_path: Path) -> None:
    file = tmp_path / "dirty.jsonl"
    file.write_bytes(
        b"\n".join(
            [
                b'{"item_id": "1", "title": "good"}',
                b'{"item_id": "2", "title": " "}',
                b'{"title": "no id"}',
                b"",
                b'{"item_id": "1", "title": "again"}',
                b'{"item_id": "5", "title": "cut',
                b'{"item_id": "6", "title": "bad \xff byte"}',
                b'["not", "an", "object"]',
                b'{"item_id": "' + b"7" * 513 + b'", "title": "x"}',
                b'{"item_id": "8", "title": {"text": "x"}}',
                b'{"item_id": "10", "title": "also good"}',
            ]
        )
    )
    items, rejects = split(file)
    assert [item.item_id for item in items] == ["1", "10"]
    assert {reject.line: reject.reason.split(":")[0] for reject in rejects} == {
        2: "title is missing",
        3: "item_id is missing",
        5: "item_id 1 stands on line 1 already (--duplicates last lets the last row count)",
        6: "not JSON",
        7: "not JSON",
        8: "not a JSON object",
        9: f"item_id {'7' * 40}... is longer than 512 bytes",
        10: "title is an object; a text is wanted",
    }
    assert rejects[0].raw == '{"item_id": "2", "title": " "}'


def test_csv_with_quotes_line_breaks_and_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    file.write_bytes(
        b"\xef\xbb\xbfitem_id,title,description\r\n"
        b'1,"A ""big"" one","first line\r\nsecond, line"\r\n'
        b"2,plain, \r\n"
        b"\r\n"
        b"3,too,many,columns\r\n"
        b"4,\xff bad byte,\r\n"
        b"5,last,"
    )
    items, rejects = split(file)
    assert [(i.item_id, i.title, i.description) for i in items] == [
        ("1", 'A "big" one', "first line\r\nsecond, line"),
        ("2", "plain", ""),
        ("5", "last", ""),
    ]
    assert [(r.line, r.reason) for r in rejects] == [
        (6, "4 columns; the header has 3"),
        (7, "not UTF-8"),
    ]


def test_an_unclosed_quote_rejects_only_its_own_row(tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    rows = [f'"{n}","item {n}"' for n in range(100)]
    rows[10] = '"10","never closed'
    file.write_text("\n".join(['"item_id","title"', *rows]))
    items, rejects = split(file)
    assert len(items) == 99
    assert [reject.line for reject in rejects] == [12]


def test_an_unclosed_quote_on_the_last_line(tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    file.write_text('item_id,title\n1,one\n2,"two\n')
    items, rejects = split(file)
    assert [item.item_id for item in items] == ["1"]
    assert [(r.line, r.reason) for r in rejects] == [(3, "a quote is opened and never closed")]


def test_backslash_escapes_are_recognised_and_plain_backslashes_kept(tmp_path: Path) -> None:
    escaped = tmp_path / "dump.csv"
    escaped.write_text('"item_id","title"\n"1","a 3\\" fan, quiet"\n"2","b"\n')
    assert [item.title for item in split(escaped)[0]] == ['a 3" fan, quiet', "b"]
    plain = tmp_path / "plain.csv"
    plain.write_text('"item_id","title"\n"1","C:\\temp"\n"2","b"\n')
    assert [item.title for item in split(plain)[0]] == ["C:\\temp", "b"]


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_delimiters_are_recognised(tmp_path: Path, sign: str) -> None:
    file = tmp_path / "shop.csv"
    file.write_text(f"item_id{sign}title\n1{sign}one, two\n")
    assert split(file)[0][0].title == "one, two"


def test_gzip_is_recognised_whatever_the_name(tmp_path: Path) -> None:
    file = tmp_path / "shop"
    file.write_bytes(gzip.compress(b'{"item_id": "1", "title": "packed"}\n'))
    assert split(file)[0][0].title == "packed"


def test_a_damaged_gzip_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "shop.gz"
    rows = b"".join(b'{"item_id": "%d", "title": "packed"}\n' % n for n in range(5000))
    file.write_bytes(gzip.compress(rows)[:-2000])
    with pytest.raises(CatalogueError, match=r"not whole|to its end"):
        split(file)


def test_standard_input_can_be_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(b'{"item_id": "1", "title": "piped"}\n')
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(packed)))
    with CatalogueSource("-").open() as catalogue:
        assert catalogue.name == "standard input"
        for _ in range(2):
            assert [item.title for item in read_items(catalogue) if isinstance(item, Item)] == [
                "piped"
            ]


def test_a_pipe_is_copied_first(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.write(write, b"item_id,title\n1,one\n")
    os.close(write)
    with CatalogueSource(f"/dev/fd/{read}").open() as catalogue:
        assert len(list(read_items(catalogue))) == len(list(read_items(catalogue))) == 1


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="can't be opened: No such file"):
        split(tmp_path / "none.jsonl")
    with pytest.raises(CatalogueError, match="is a folder"):
        split(tmp_path)


def test_a_long_attribute_is_left_out_and_noted() -> None:
    notes = Notes()
    values = {"item_id": "1", "title": "t", "attributes": {"html": "x" * 9000, "size": "L"}}
    assert to_item(values, notes=notes).attributes == {"size": "L"}
    assert notes.unread["attributes.html"].count == 1


def test_a_value_that_can_t_be_read_costs_that_value(tmp_path: Path) -> None:
    rows = [
        {"item_id": "1", "title": "x", "price": "cheap", "brand": {"name": "Acme"}},
        {"item_id": "2", "title": "x", "price": "-1", "popularity": -2, "available": "perhaps"},
        {"item_id": "3", "title": "x", "price": "cheap", "updated_at": "9999-12-31T23:59:59-05:00"},
        {"item_id": "4", "title": "x", "category": [["Home", {"a": 1}]], "brand": "Acme"},
    ]
    file = tmp_path / "shop.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    notes = Notes()
    with CatalogueSource(file).open() as catalogue:
        items = [each for each in read_items(catalogue, notes) if isinstance(each, Item)]
    assert items[:3] == [Item("1", "x"), Item("2", "x"), Item("3", "x")]
    assert items[3] == Item("4", "x", brand="Acme")
    assert {name: each.count for name, each in notes.unread.items()} == {
        "price": 3,
        "brand": 1,
        "popularity": 1,
        "available": 1,
        "updated_at": 1,
        "category": 1,
    }
    assert notes.unread["price"].examples == [
        "price 'cheap' is not a number",
        "price '-1' is negative",
    ]
    assert "--map brand=brand.PART" in notes.unread["brand"].examples[0]
    items, rejects = split(file, ColumnMap.parse(strict=True))
    assert items == []
    assert [reject.line for reject in rejects] == [1, 2, 3, 4]


def test_of_duplicated_ids_the_first_or_the_last_good_row_counts(tmp_path: Path) -> None:
    rows = [
        {"item_id": "1", "title": "first"},
        {"item_id": "2", "title": "alone"},
        {"item_id": "1", "title": "second"},
        {"item_id": "1", "title": "third"},
        {"item_id": "1", "title": ""},
    ]
    file = tmp_path / "shop.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    items, rejects = split(file)
    assert [item.title for item in items] == ["first", "alone"]
    assert [reject.line for reject in rejects] == [3, 4, 5]
    notes = Notes()
    with CatalogueSource(file, ColumnMap.parse(duplicates="last")).open() as catalogue:
        read = list(read_items(catalogue, notes))
    assert [each.title for each in read if isinstance(each, Item)] == ["alone", "third"]
    assert [each.reason for each in read if isinstance(each, Reject)] == ["title is missing"]
    assert notes.overruled == 2


def test_a_list_of_images_gives_the_first() -> None:
    values = {"item_id": "1", "title": ["Cot", "Bed"], "image_url": ["", "a.jpg", "b.jpg"]}
    assert to_item(values) == Item("1", "Cot, Bed", image_url="a.jpg")


def test_texts_are_composed_and_ids_stay_exact() -> None:
    title, item_id = unicodedata.normalize("NFD", "Café"), unicodedata.normalize("NFD", "é1")
    item = to_item({"item_id": item_id, "title": title, "brand": title, "category": title})
    assert (item.title, item.brand, item.category) == ("Café", "Café", ("Café",))
    assert item.item_id == item_id


def test_the_embedded_text_is_without_markup() -> None:
    html = "<style>.a{padding:0}</style><p>Soft &amp; <b>warm</b></p><!-- padding -->"
    item = to_item({"item_id": "1", "title": "Tee", "description": html})
    assert item.description == html
    assert item.text == "Tee. Soft & warm"


def test_the_embedded_text_repeats_nothing() -> None:
    item = Item("1", "Acme red phone", "Acme red phone: slim, 6 inch.", "Acme", ("Phones", "Smart"))
    assert item.text == "Acme red phone. Smart. slim, 6 inch."
    assert Item("1", "Phone", brand="Acme", category=("Phone",)).text == "Phone. Acme"
    assert Item("1", "Phone").text == "Phone"
    long = Item("1", "Phone", " ".join(f"word{n}" for n in range(500)))
    assert len(long.text.split()) <= 41


def test_the_best_buy_csv_loads_completely(shared_data: Path) -> None:
    begun = time.process_time()
    items, rejects = split(shared_data / "retrotech" / "products.csv.gz", RETROTECH)
    seconds = time.process_time() - begun
    assert (len(items), len(rejects)) == (46_156, 2_038)
    assert Counter("already" in reject.reason for reject in rejects) == {True: 2_038}
    by_id = {item.item_id: item for item in items}
    assert by_id["761345750011"].title == 'Antec - 3.125" Case Cooling Fan'
    assert by_id["634878802406"].brand == "Salamander Designs"
    assert not any("&#x" in item.title for item in items)
    assert by_id["096009010836"].brand == ""  # a blank is written as one space
    assert seconds < 20  # of the CPU


@pytest.mark.parametrize(
    ("file", "options", "count"),
    [
        ("homedepot/items.jsonl.gz", [], 54_667),
        ("amazon_games/items.jsonl.gz", [], 16_859),
        ("movielens/items.jsonl.gz", ["category=genres", "description=overview"], 9_742),
        ("jd_taobao_zh/phones.jsonl.gz", ["popularity=comments", "attributes.shop=shop"], 240),
    ],
)
def test_other_catalogues_load_completely(
    shared_data: Path, file: str, options: list[str], count: int
) -> None:
    items, rejects = split(shared_data / file, ColumnMap.parse(options))
    assert (len(items), rejects) == (count, [])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["AB-1", 4006381333931, "AB-1", ""], ("AB-1", "4006381333931")),
        ("AB-1, 0815; x 7|z", ("AB-1", "0815", "x 7", "z")),
        (12, ("12",)),
        (None, ()),
        ("x" * 65, ()),
        (4006381333931.0, ("4006381333931",)),
        ([12, "A-3"], ("12", "A-3")),
    ],
)
def test_identifiers_are_a_list(value: object, expected: tuple[str, ...]) -> None:
    item = to_item({"item_id": "1", "title": "Phone", "identifiers": value})
    assert item.identifiers == expected


@pytest.mark.parametrize(("value", "group_id"), [(" P 7 ", "P 7"), (7.0, "7"), ("", ""), ([1], "")])
def test_a_group_id_is_read_as_an_item_id_is(value: object, group_id: str) -> None:
    assert to_item({"item_id": "1", "title": "Phone", "group_id": value}).group_id == group_id


def test_a_text_that_would_take_a_nodes_memory_is_left_out_or_makes_the_row_bad():
    notes = Notes()
    values = {"item_id": "1", "title": "lamp", "description": "d" * 100_000}
    item = to_item({**values, "image_url": ["u" * 100_001]}, notes=notes)
    assert (len(item.description), item.image_url) == (100_000, "")
    for long in ("d" * 100_001, f"<p>{'d' * 100_000}</p>", ["d" * 60_000, "e" * 60_000]):
        assert to_item({**values, "description": long}, notes=notes).description == ""
    assert notes.unread["description"].count == 3
    assert notes.unread["image_url"].count == 1
    with pytest.raises(ValueProblem, match=r"title l+\.\.\. is longer than 10000 characters"):
        to_item({**values, "title": "l" * 10_001})
    translations = {"de": {"title": "l" * 10_001}}
    assert to_item({**values, "translations": translations}, notes=notes).translations == {}
