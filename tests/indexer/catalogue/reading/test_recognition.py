"""Which format a file is, and `--format` that says another one."""

from pathlib import Path

import pytest

from indexer.catalogue.files.rows import CatalogueError
from indexer.catalogue.formats.names import FORMAT_NAMES, SHOP_FORMATS
from indexer.catalogue.formats.shop_formats import SHOPS
from indexer.catalogue.items import Item, read_items
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap

SHOPIFY = b"Handle,Title,Vendor,Variant Price\ntee,Tee,Leafy,5\n"
FEED = b"<rss><channel><item><id>1</id><title>x</title></item></channel></rss>"
JSON = b'{"item_id": "1", "title": "x"}\n'


@pytest.mark.parametrize(
    ("content", "wanted", "said"),
    [
        (SHOPIFY, "woocommerce", "is not a product export of WooCommerce: it has no column ID or "
         "SKU and Type and Name and .*It looks like a product export of Shopify: --format shopify"),
        (SHOPIFY, "google", "is not a feed of Google Merchant: it has no column id and link or"),
        (SHOPIFY, "jsonl", "is CSV in UTF-8 separated by commas, not jsonl"),
        (SHOPIFY, "parquet", "is CSV in UTF-8 separated by commas, not parquet"),
        (JSON, "csv", "is JSON lines in UTF-8, not csv"),
        (JSON, "shopify", "is not a product export of Shopify: it has no column Handle or URL"),
        (FEED, "shopify", "is an XML feed, not a product export of Shopify"),
        (FEED, "csv", "is XML in UTF-8, not csv"),
        (SHOPIFY, "excel", "format 'excel' is unknown. Allowed: auto, jsonl, csv"),
    ],
)  # fmt: skip
def test_a_format_that_the_file_is_not_is_refused(
    content: bytes, wanted: str, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(CatalogueError, match=said), CatalogueSource(file, format=wanted).open():
        pass


def test_the_names_of_formats_are_those_of_the_shops() -> None:
    assert tuple(SHOPS) == SHOP_FORMATS
    assert set(SHOP_FORMATS) < set(FORMAT_NAMES)


def test_a_format_can_be_forced(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(SHOPIFY)
    mapping = ColumnMap.parse(["item_id=Handle", "title=Title"])
    with CatalogueSource(file, mapping, format="csv").open() as catalogue:
        (item,) = read_items(catalogue)
    assert item == Item("tee", "Tee")
    file.write_bytes(b'{"id": 7, "title": "x", "link": "l", "price": "5 EUR"}\n')
    with CatalogueSource(file, format="google").open() as catalogue:
        (item,) = read_items(catalogue)
    assert isinstance(item, Item)
    assert (item.item_id, item.price, item.currency) == ("7", 5.0, "EUR")


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_separator_is_that_of_most_lines(sign: str, tmp_path: Path) -> None:
    rows = [["item_id", "title", "a, b", "c; d"], *([str(n), "x", "1,5", "p|q"] for n in range(5))]
    file = tmp_path / "file"
    file.write_text("\n".join(sign.join(f'"{v}"' if sign in v else v for v in r) for r in rows))
    with CatalogueSource(file).open() as catalogue:
        assert catalogue.recognised.dialect.delimiter == sign
        assert len([row for row in read_items(catalogue) if isinstance(row, Item)]) == 5
