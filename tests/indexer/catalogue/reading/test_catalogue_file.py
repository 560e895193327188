"""Formats and encodings: read, or refused with the true reason before anything is encoded."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.catalogue.files.rows import CatalogueError
from indexer.catalogue.items import Item, read_items
from indexer.catalogue.notes import Notes
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.rejects import Reject

CSV = 'item_id,title,size\n1,"Tür, grün",ä\n2,Stuhl,\n'


def read(content: bytes, folder: Path, **changes: object) -> list[Item | Reject]:
    file = folder / "file"
    file.write_bytes(content)
    with CatalogueSource(file, ColumnMap.parse(**changes)).open() as catalogue:  # type: ignore[arg-type]
        return list(read_items(catalogue))


def titles(rows: list[Item | Reject]) -> list[str]:
    return [row.title if isinstance(row, Item) else row.reason for row in rows]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_unicode_encodings_and_line_ends_are_recognised(
    encoding: str, line_end: str, tmp_path: Path
) -> None:
    content = CSV.replace("\n", line_end).encode(encoding)
    assert titles(read(content, tmp_path)) == ["Tür, grün", "Stuhl"]
    assert titles(read(gzip.compress(content), tmp_path)) == ["Tür, grün", "Stuhl"]
    rows = '{"item_id": "1", "title": "Tür"}\n{"item_id": "2", "title": "Stuhl"}\n'
    content = rows.replace("\n", line_end).encode(encoding)
    assert titles(read(content, tmp_path)) == ["Tür", "Stuhl"]


def test_windows_1252_is_recognised_and_its_rows_are_counted(tmp_path: Path) -> None:
    file, notes = tmp_path / "file", Notes()
    file.write_bytes("item_id;title;Größe\n1;Tür;42\n2;Chair;40\n".encode("cp1252"))
    with CatalogueSource(file).open() as catalogue:
        assert titles(list(read_items(catalogue, notes))) == ["Tür", "Chair"]
        assert "in windows-1252 separated by semicolons" in catalogue.recognised.shown
    assert (notes.guessed, notes.private["Größe"]) == (1, 2)


def test_a_header_in_an_unknown_encoding_is_refused_with_the_way_out(tmp_path: Path) -> None:
    content = "item_id;title;Размер\n1;Стул;42\n".encode("cp1251")
    with pytest.raises(CatalogueError, match=r"not UTF-8: .*--encoding.*item_id;title;"):
        read(content, tmp_path)
    (item,) = read(content, tmp_path, encoding="windows-1251")
    assert isinstance(item, Item)
    assert item.title == "Стул"
    with pytest.raises(CatalogueError, match="encoding 'latin-99' is unknown"):
        read(content, tmp_path, encoding="latin-99")


def test_bytes_that_the_encoding_lacks_cost_their_row(tmp_path: Path) -> None:
    content = b"item_id,title\n1,one\n2,\x81\xc0\n3,three\n"
    assert titles(read(content, tmp_path)) == ["one", "not UTF-8", "three"]
    assert titles(read(content, tmp_path, encoding="cp1252")) == ["one", "not CP1252", "three"]


@pytest.mark.parametrize("line", ["sep=;\r\n", "SEP=;\n"])
def test_the_delimiter_that_a_spreadsheet_names_is_used(line: str, tmp_path: Path) -> None:
    rows = read((line + "item_id;title\n1;a, b, c\n2;d\n").encode(), tmp_path)
    assert titles(rows) == ["a, b, c", "d"]


def test_quotes_in_a_feed_with_tabs_are_part_of_the_text(tmp_path: Path) -> None:
    feed = 'item_id\ttitle\n1\t"Cosy" blanket\n2\t24" monitor\n3\t"Set" of "two"\n'
    assert titles(read(feed.encode(), tmp_path)) == [
        '"Cosy" blanket',
        '24" monitor',
        '"Set" of "two"',
    ]
    quoted = 'item_id\ttitle\n1\t"a\tb"\n2\t"c"\n'
    assert titles(read(quoted.encode(), tmp_path)) == ["a b", "c"]


def archive(kind: str) -> bytes:
    packed = io.BytesIO()
    if kind == "tar":
        with tarfile.open(fileobj=packed, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("items.csv"))
    else:
        with zipfile.ZipFile(packed, "w") as file:
            file.writestr("xl/worksheets/sheet1.xml" if kind == "xlsx" else "items.csv", "x")
    return packed.getvalue()


def refused() -> Iterator[tuple[bytes, str]]:
    row = '{"item_id": "1", "title": "one"}'
    yield b"", "is empty"
    yield b" \n", "is empty"
    yield archive("xlsx"), "a spreadsheet"
    yield b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a spreadsheet"
    yield archive("zip"), "a zip archive"
    yield archive("tar"), "a tar archive"
    yield gzip.compress(archive("tar")), "a tar archive"
    yield gzip.compress(gzip.compress(row.encode())), "packed with gzip twice"
    yield b"\x89PNG\r\n\x1a\n" + bytes((0, 0, 0, 13)) + b"IHDR" + bytes(500), "no text: export"
    yield bytes(range(1, 256)) * 9, "no text: export"
    yield b"PAR1\x15\x04", "not a whole Parquet file"
    yield gzip.compress(b"PAR1\x15\x04"), "a Parquet file inside gzip: unpack it"
    yield b'<?xml version="1.0"?><rss xmlns:g="http://base.google.com/ns/1.0">', "breaks off"
    yield b"<products><product/></products>", "an XML file, and no RSS or Atom feed"
    yield b"<!DOCTYPE html><html><body>Log in</body></html>", "a web page"
    yield f"[{row}]".encode(), "one JSON array.*jq -c"
    yield json.dumps(json.loads(row), indent=2).encode(), "each object on several lines"
    yield f'{{"item_id": "1",\n"title": "one"}}\n{row}'.encode(), "each object on several lines"
    yield f'{{"data": {{"products": [{row}]}}}}'.encode(), r"jq -c '\.data\.products\[\]'"
    yield f'{{"index": {{"_id": "1"}}}}\n{row}\n'.encode(), "a bulk request"
    yield f'{{"_id": "1", "_source": {row}}}\n'.encode(), "a dump of a search engine.*--map"


@pytest.mark.parametrize(
    ("content", "reason"), [pytest.param(*case, id=case[1]) for case in refused()]
)
def test_what_is_no_catalogue_is_refused_with_the_true_reason(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(CatalogueError, match=reason):
        read(content, tmp_path)


def test_a_dump_is_read_where_its_parts_are_mapped(tmp_path: Path) -> None:
    dump = b'{"_id": "7", "_source": {"name": "one"}}\n'
    (item,) = read(dump, tmp_path, options=["item_id=_id", "title=_source.name"])
    assert item == Item("7", "one")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://shop.example/items.csv", "is an address: fetch the file first"),
        ("s3://bucket/items.csv", "is an address"),
        ("absent/items.csv", "can't be opened: No such file"),
        ("file/items.csv", "can't be opened: Not a directory"),
        ("loop", "can't be opened: Too many levels"),
        ("x" * 300, "can't be opened: File name too long"),
        ("a\0b", "can't be opened: embedded null"),
        (".", "is a folder"),
    ],
)
def test_a_catalogue_that_can_t_be_opened_is_named_with_the_reason(
    address: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with (
        pytest.raises(CatalogueError, match=reason),
        CatalogueSource(address, ColumnMap.parse()).open(),
    ):
        pass


def test_json_as_other_programs_write_it_costs_no_item(tmp_path: Path) -> None:
    rows = [
        '{"item_id": "1", "title": "one", "price": NaN, "attributes": {"a": Infinity, "b": 2}}',
        '{"item_id": "2", "title": "t\0w\x01o"}',
        '\ufeff{"item_id": "3", "title": "three"}',
        f'{{"item_id": "4", "title": "four", "price": 1{"0" * 400}, "popularity": 5}}',
        '{"item_id": "5", "title": "\\ud800"}',
        '{"item_id": "6", "title": "six"} {"item_id": "7", "title": "seven"}',
        '{"item_id": "8", "attributes": ' + '{"a": ' * 5000 + "1" + "}" * 5001,
    ]
    read_rows = read("\n".join(rows).encode(), tmp_path)
    one, two, three, four, *broken = read_rows
    assert isinstance(one, Item)
    assert one.price is None
    assert one.attributes == {"b": 2}
    assert titles([two, three, four]) == ["two", "three", "four"]
    assert isinstance(four, Item)
    assert (four.price, four.popularity) == (None, 5)
    assert [reason.split(":")[0] for reason in titles(broken)] == ["not JSON"] * 3


def test_a_byte_order_mark_inside_is_no_part_of_a_value(tmp_path: Path) -> None:
    """Files that were put together have one in the middle, or two at the start."""
    content = b"\xef\xbb\xbf\xef\xbb\xbfitem_id,title\n1,one\n\xef\xbb\xbf2,two\n"
    items = read(content, tmp_path)
    assert [item.item_id for item in items if isinstance(item, Item)] == ["1", "2"]
