"""Feeds of Google Merchant, as Meta and others take them too: TSV, CSV, or RSS and Atom."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from indexer.catalogue.files.rows import LeftOut, Row
from indexer.catalogue.formats.prices import sale_price
from indexer.catalogue.formats.shop_format import (
    Cells,
    Rows,
    ShopFormat,
    ShopRow,
    each_row,
)
from indexer.catalogue.reading_rules import ReadingRules
from indexer.catalogue.rejects import Reject
from indexer.catalogue.values.text import is_blank, read_text

_ATTRIBUTES = (
    "color", "size", "material", "pattern", "gender", "age_group", "condition", "size_type",
    "size_system", "energy_efficiency_class", "link",
)  # fmt: skip
_COLUMNS: dict[str, tuple[str, ...]] = {
    "item_id": ("id",),
    "group_id": ("item_group_id",),
    "title": ("title",),
    "description": ("description", "summary"),
    "brand": ("brand",),
    "category": ("product_type", "google_product_category"),
    "price": ("sale_price", "price"),
    "attributes.regular_price": ("price",),
    "available": ("availability",),
    "image_url": ("image_link",),
    "identifiers": ("gtin", "mpn"),
    **{f"attributes.{name}": (name,) for name in _ATTRIBUTES},
}
_SINGLE = ("item_id", "group_id", "title", "description", "brand", "available", "image_url")
_PERIOD = "sale_price_effective_date"
_STEP = re.compile(r"\s*>\s*")


def _fields(row: Row, rules: ReadingRules) -> ShopRow:
    cells = Cells(row.columns)
    fields = cells.fields(_COLUMNS, *_SINGLE, *(f"attributes.{name}" for name in _ATTRIBUTES))
    for name in ("item_id", "title", "group_id"):
        if isinstance(fields.get(name), list):
            fields[name] = fields[name][0]
    if cells.has("price", "sale_price"):
        begins, _, ends = cells.text(_PERIOD).partition("/")
        price, regular = sale_price(
            cells.get("price"), cells.get("sale_price"), (begins, ends), rules
        )
        fields["price"] = price
        if regular is not None:
            fields["attributes.regular_price"] = regular
    if cells.has("product_type", "google_product_category"):
        fields["category"] = _paths(cells)
    if cells.has("gtin", "mpn"):
        fields["identifiers"] = [*_each(cells.get("gtin")), *_each(cells.get("mpn"))]
    for name, value in _details(cells.get("product_detail")).items():
        fields.setdefault(f"attributes.{name}", value)
    return ShopRow(row, fields)


def _each(value: Any) -> list[Any]:
    return [each for each in (value if isinstance(value, list) else [value]) if not is_blank(each)]


def _paths(cells: Cells) -> list[list[str]]:
    """The paths of product_type; without one that of google_product_category, if it is a text."""
    texts = [
        html.unescape(read_text(each, "product_type")) for each in _each(cells.get("product_type"))
    ]
    if not texts:
        known = _each(cells.get("google_product_category"))
        texts = [html.unescape(text) for each in known if not (text := str(each)).isdecimal()]
    paths: list[list[str]] = []
    for text in texts:
        parts = text.split(",")
        several = len(parts) > 1 and all(">" in part for part in parts)
        paths += [_STEP.split(part.strip(' "')) for part in (parts if several else [text])]
    return paths


def _details(value: Any) -> dict[str, Any]:
    """Attributes of product_detail: of elements, or of texts `section:name:value`."""
    details: dict[str, Any] = {}
    for each in _each(value):
        if isinstance(each, Mapping):
            name, held = each.get("attribute_name"), each.get("attribute_value")
            if isinstance(name, str) and name and not is_blank(held):
                details.setdefault(name, held)
        elif isinstance(each, str):
            for text in each.split(","):
                _, _, pair = text.partition(":")
                name, sign, held = pair.partition(":")
                if sign and name.strip() and held.strip():
                    details.setdefault(name.strip(), held.strip())
    return details


def _read(rows: Rows, rules: ReadingRules) -> Iterator[ShopRow | Reject | LeftOut]:
    return each_row(rows, lambda row: _fields(row, rules))


GOOGLE = ShopFormat(
    name="google",
    title="a feed of Google Merchant",
    signs=(
        ("id",),
        ("title",),
        ("link", "image_link"),
        ("availability", "price", "item_group_id", "google_product_category"),
    ),
    columns=_COLUMNS,
    consumed=("product_detail", _PERIOD),
    read=_read,
    remark="TSV, CSV, or RSS and Atom with elements `g:`. `sale_price` counts within its "
    "`sale_price_effective_date`. A `google_product_category` counts where there is no "
    "`product_type` and it is no number. Each `product_detail` is an attribute. Feeds of Meta, "
    "Microsoft and Pinterest have the same columns.",
)
