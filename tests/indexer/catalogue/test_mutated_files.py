"""Mutated files and values: no reader raises anything but the project's own errors."""

import gzip
import io
import json
import random
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from indexer.catalogue.attributes.attributes import AttributeSurvey
from indexer.catalogue.attributes.public_attributes import PublicAttributes
from indexer.catalogue.formats.names import FORMAT_NAMES
from indexer.catalogue.items import Item, read_items
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.values.availability import read_availability
from indexer.catalogue.values.markup import plain_text
from indexer.catalogue.values.numbers import read_number
from indexer.catalogue.values.prices import read_price
from indexer.catalogue.values.text import ValueProblem, read_id, read_text
from indexer.catalogue.values.times import read_time
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.documents import to_document, to_stored_item
from plugin_config.errors import LiveIntentError

ROWS: list[dict[str, Any]] = [
    {"item_id": "1", "title": "Tür", "price": "1.299,00 €", "available": "in stock",
     "updated_at": "2024-01-05T10:00:00Z", "description": "<p>Warm</p><style>a{b:c}</style>"},
    {"item_id": 2, "title": "Stuhl", "price": 12.5, "category": ["Home", "Chairs"], "size": "L",
     "attributes": {"colour": "red"}, "popularity": 7},
    {"item_id": "3", "title": "Sofa", "price": "$19.99 - $29.99", "available": 0,
     "brand": {"name": "Sitto"}, "updated_at": 1704448800000, "category": [["A"], ["B", "C"]]},
]  # fmt: skip
CSV = (
    'item_id,title,price,available,updated_at,category\n1,"Tür ""X"", grün","1.299,00 €",ja,'
    '05.01.2024,A > B\n2,Stuhl,$5,no,20240105,"A\nB"\n3,Sofa,n/a,,1704448800,\n'
)
JSON_LINES = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)
SHOPIFY = (
    "Handle,Title,Body (HTML),Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,"
    'Variant Inventory Qty,Variant Price,Image Src\ntee,Tee,"<p>Soft</p>",Shirts,"a, b",true,Size,'
    "S,T-S,4,19.00,a.jpg\ntee,,,,,,,M,T-M,0,21.00,\ntee,,,,,,,,,,,b.jpg\ncap,Cap,,Hats,,true,Title,"
    "Default Title,C-1,,15.00,c.jpg\n"
)
WOOCOMMERCE = (
    "ID,Type,SKU,Name,Published,In stock?,Sale price,Regular price,Categories,Images,Parent,"
    'Attribute 1 name,Attribute 1 value(s)\n10,variable,H,Hood,1,1,,,"A > B, C\\, D",i.jpg,,Size,'
    '"S, M"\n11,variation,H-S,Hood S,1,backorder,30,"45,00",,,id:10,Size,S\n'
    "12,simple,B,Boots,1,0,,60,Shoes,,,,\n"
)
GOOGLE = (
    "id\ttitle\tlink\timage_link\tavailability\tprice\titem_group_id\tproduct_type\tproduct_detail\n"
    '1\t24" Lamp\thttps://s\ti.jpg\tin_stock\t39.90 EUR\tL\tA > B, C > D\tx:Watts:7\n'
    "2\tFan\thttps://s\tj.jpg\tpreorder\t1.299,00 EUR\t\tHome\t\n"
)
FEED = (
    '<?xml version="1.0" encoding="UTF-8"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
    + "".join(
        f"<item><g:id>{n}</g:id><title>Tür &amp; {n}</title><description><![CDATA[<p>x</p>]]>"
        "</description><g:price>9,99 EUR</g:price><g:product_type>A &gt; B</g:product_type>"
        "</item>\n"
        for n in range(9)
    )
    + "</channel></rss>"
)


def parquet() -> bytes:
    file = io.BytesIO()
    texts = {"item_id": ["1", "2"], "title": ["Tür", "Stuhl"], "tags": [["a"], None]}
    pq.write_table(pa.table(texts | {"price": [1.5, None]}), file, compression="none")
    return file.getvalue()


FORMATS = {
    "shopify": SHOPIFY.encode(),
    "woocommerce": WOOCOMMERCE.encode(),
    "google": GOOGLE.encode(),
    "feed": FEED.encode(),
    "feed in utf-16": FEED.encode("utf-16"),
    "parquet": parquet(),
    "jsonl": JSON_LINES.encode(),
    "jsonl.gz": gzip.compress(JSON_LINES.encode()),
    "jsonl in utf-16": JSON_LINES.encode("utf-16"),
    "csv": CSV.encode(),
    "csv.gz": gzip.compress(CSV.encode()),
    "csv with tabs": CSV.replace(",", "\t").encode(),
    "csv with escapes": CSV.replace('""', '\\"').encode(),
    "csv with sep": b"sep=;\r\n" + CSV.replace(",", ";").encode(),
    "csv in windows-1252": CSV.encode("cp1252"),
    "csv in utf-16 without a mark": CSV.encode("utf-16-le"),
    "csv with carriage returns": CSV.replace("\n", "\r").encode(),
}
SNIPPETS = [
    b"<!ENTITY a 'b'>", b"&a;", b"<item>", b"</item>", b"]]>",
    b"\xff", b"\x00", b"\xc3", b"\r", b"\n", b'"', b"\\", b",", b"{", b"[", b"}", b"]", b"<![",
    b"<!--", b"&#xD800;", b"\xed\xa0\x80", b"1e999", b"9" * 400, b"\xef\xbb\xbf", b"\x1f\x8b",
    b"null", b"NaN", b'\\ud800', b"-", b"9999-12-31T23:59:59-05:00", b"[" * 1500, b'{"a":' * 500,
]  # fmt: skip
MAPPINGS = [
    ColumnMap(public=PublicAttributes.of(["*"])),
    ColumnMap.parse(["brand=brand.name", "title=title"], strict=True, duplicates="last"),
    ColumnMap.parse(encoding="cp1252", decimal_sign=",", date_order="dmy", paths_separator=","),
]
ALPHABET = [
    *"0123456789.,'-+/:;<>&#()[]{}€$£¥ \t\n\r\x00\u00a0\u200b\u2212\u0661\u0967\uff11²½eEtTzZxX",
    "EUR", "USD", "kr", "R$", "from", "2024", "-01-", "T10:00", "Z", "+99:99", "Jan", "pm",
    "/Date(", "in stock", "https://schema.org/", "left", "<p>", "</", "<!", "<![", "<style>",
    "&lt;", "&#0;", "n/a", "9" * 400, "\ud800", "😀", "é",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 2**63, 2**64, 10**400, 1.5, 1e308, float("inf"), float("nan"), "",
    [], {}, [None], [[1]], [{}], {"amount": {"amount": 1}}, {"amount": "x", "currency": 5},
    "\ud800",
]  # fmt: skip


def overwritten(content: bytes, rng: random.Random) -> bytes:
    """Some bytes changed and none moved: the footer of Parquet says where everything is."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 3)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def mutated(content: bytes, rng: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        end = min(at + rng.randint(1, 30), len(data))
        match rng.randrange(5):
            case 0:
                data[at:at] = rng.choice(SNIPPETS)
            case 1:
                del data[at:end]
            case 2:
                data[at:at] = data[rng.randrange(len(data) + 1) :][:60]
            case 3 if at < len(data):
                data[at] = rng.randrange(256)
            case _:
                data[at:end] = rng.choice(SNIPPETS)
    return bytes(data)


@pytest.mark.parametrize("name", FORMATS)
def test_mutated_files_give_items_rejects_or_errors_of_our_own(name: str, tmp_path: Path) -> None:
    rng, file = random.Random(name), tmp_path / "file"
    read = 0
    for _ in range(400):
        content = FORMATS[name]
        if name.endswith("gz") and rng.random() < 0.5:  # a mutated package is seldom whole
            file.write_bytes(gzip.compress(mutated(gzip.decompress(content), rng)))
        elif name == "parquet":
            file.write_bytes(overwritten(content, rng))
        else:
            file.write_bytes(mutated(content, rng))
        mapping = rng.choice(MAPPINGS)
        wanted = rng.choice(FORMAT_NAMES) if rng.random() < 0.2 else "auto"
        try:
            with CatalogueSource(file, mapping, wanted).open() as catalogue:
                rows = list(read_items(catalogue))
        except LiveIntentError as error:
            str(error).encode()  # can be printed
            continue
        survey = AttributeSurvey()
        for row in rows:
            if isinstance(row, Item):
                survey.add(row.attributes)
                document = to_document(row, None, AttributeSchema(survey.fields))
                orjson.dumps(document)
                row.text.encode()
                read += 1
            else:
                row.reason.encode()
    assert read > 50


READERS = [
    read_price,
    lambda value: read_number(value, "popularity"),
    read_availability,
    lambda value: read_time(value, "updated_at", "dmy"),
    lambda value: read_text(value, "title"),
    read_id,
]


def test_strange_values_give_a_value_or_a_problem() -> None:
    rng = random.Random(4)
    texts = ["".join(rng.choices(ALPHABET, k=rng.randint(1, 9))) for _ in range(8000)]
    lengths: list[int] = []
    for value in [*VALUES, *texts]:
        for reader in READERS:
            try:
                reader(value)
            except ValueProblem as problem:
                lengths.append(len(str(problem)))
        if isinstance(value, str):
            plain_text(value)
    assert max(lengths) < 400


def test_stored_items_come_back_whatever_their_category() -> None:
    rng = random.Random(5)
    names = ["A", "B > C", "D>", "\\", ">", "E, F", "\\>", "> G", "H >", "\\\\> I"]
    for _ in range(300):
        path = tuple(rng.choices(names, k=rng.randint(1, 3)))
        item = Item("1", "t", category=path)
        stored = to_stored_item(to_document(item, None, AttributeSchema()))
        assert stored == item
