"""Shopify's product export: the rows of one handle are a product, its variants and pictures."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from indexer.catalogue.files.rows import LeftOut, Row
from indexer.catalogue.formats.prices import higher_price
from indexer.catalogue.formats.shop_format import Cells, Rows, ShopFormat, ShopRow, each_row
from indexer.catalogue.reading_rules import ReadingRules
from indexer.catalogue.rejects import Reject
from indexer.catalogue.values.text import ValueProblem, is_blank, read_text

_HANDLE = ("Handle", "URL handle")
_OPTIONS = (1, 2, 3)
_QUANTITY = ("Variant Inventory Qty", "Inventory quantity")
_TRACKER = ("Variant Inventory Tracker", "Inventory tracker")
_POLICY = ("Variant Inventory Policy", "Continue selling when out of stock")
_SKU, _BARCODE = ("Variant SKU", "SKU"), ("Variant Barcode", "Barcode")
_PRICE = ("Variant Price", "Price")
_BEFORE = ("Variant Compare At Price", "Compare-at price")
_PRODUCT_IMAGE = ("Image Src", "Product image URL")
_VARIANT_IMAGE = ("Variant Image", "Variant image URL")
_PUBLISHED = ("Published", "Published on online store")
_FALSE = frozenset(("false", "0", "no"))
_COLUMNS = {
    "item_id": _HANDLE,
    "group_id": _HANDLE,
    "title": ("Title",),
    "description": ("Body (HTML)", "Description"),
    "brand": ("Vendor",),
    "category": ("Type", "Product Category", "Custom Product Type"),
    "price": _PRICE,
    "attributes.regular_price": _BEFORE,
    "available": (*_QUANTITY, *_TRACKER, *_POLICY),
    "image_url": (*_VARIANT_IMAGE, *_PRODUCT_IMAGE),
    "identifiers": (*_SKU, *_BARCODE),
}
_OF_PRODUCT = ("title", "description", "brand")


@dataclass(frozen=True)
class _Product:
    """What the first row of a handle says for all of its rows."""

    handle: str
    cells: Cells
    fields: dict[str, Any]
    options: dict[int, str] = field(default_factory=dict)  # the names of options
    left_out: str = ""

    @classmethod
    def of(cls, handle: str, cells: Cells) -> "_Product":
        fields = cells.fields(_COLUMNS, *_OF_PRODUCT)
        if cells.has("Title") and is_blank(fields["title"]):
            raise ValueProblem(
                f"no Title in the first row of handle {handle}: the rows of one handle have to "
                "stand together, that with the title first"
            )
        if cells.has("Tags"):
            tags = (tag.strip() for tag in cells.text("Tags").split(","))
            fields["Tags"] = [tag for tag in tags if tag]
        if cells.has(*_COLUMNS["category"]):
            texts = [cells.text("Type", "Custom Product Type"), cells.text("Product Category")]
            fields["category"] = [text.split(" > ") for text in texts if text]
        options = {n: cells.text(f"Option{n} Name") for n in _OPTIONS}
        left_out = ""
        if cells.text(*_PUBLISHED).lower() in _FALSE:
            left_out = "not published"
        elif (status := cells.text("Status").lower()) in ("draft", "archived"):
            left_out = f"status {status}"
        return cls(handle, cells, fields, options, left_out)


@dataclass
class _Products:
    """Reads rows in order and keeps the product that they belong to."""

    rules: ReadingRules
    product: _Product | None = None

    def read(self, row: Row) -> ShopRow | LeftOut:
        """The row as a variant. Raises ValueProblem."""
        cells = Cells(row.columns)
        handle = cells.text(*_HANDLE)
        if not handle:
            raise ValueProblem("Handle is missing")
        is_first = self.product is None or handle != self.product.handle
        if is_first:
            self.product = None
            self.product = _Product.of(handle, cells)
        product = self.product
        assert product is not None
        if product.left_out:
            return LeftOut(row.line, product.left_out)
        values = [cells.text(f"Option{n} Value") for n in _OPTIONS]
        own = (*_SKU, *_PRICE, *_VARIANT_IMAGE, *_QUANTITY)
        if not is_first and not any(values) and cells.get(*own) is None:
            return LeftOut(row.line, "further pictures of a product")
        return ShopRow(row, self._fields(product, cells, values, is_first))

    def _fields(
        self, product: _Product, cells: Cells, values: list[str], is_first: bool
    ) -> dict[str, Any]:
        fields = product.fields | cells.fields(_COLUMNS, "price")
        named = [
            (product.options[n], value)
            for n, value in zip(_OPTIONS, values, strict=True)
            if value and (product.options[n], value) != ("Title", "Default Title")
        ]
        own = [value for _, value in named]
        if not own and not is_first:
            own = [text for text in (cells.text(*_SKU).removeprefix("'"),) if text]
        fields["item_id"] = ":".join((product.handle, *own))
        fields["group_id"] = product.handle
        if higher := higher_price(cells.get(*_BEFORE), fields.get("price"), self.rules):
            fields["attributes.regular_price"] = higher
        if cells.has(*_QUANTITY):
            fields["available"] = _available(cells)
        if cells.has(*_COLUMNS["image_url"]):
            own = cells.get(*_VARIANT_IMAGE)
            fields["image_url"] = own or product.cells.get(*_PRODUCT_IMAGE)
        if cells.has(*_COLUMNS["identifiers"]):
            numbers = (read_text(cells.get(*names), names[0]) for names in (_SKU, _BARCODE))
            fields["identifiers"] = [text.removeprefix("'") for text in numbers if text]
        return fields | {f"attributes.{name}": value for name, value in named if name}


def _available(cells: Cells) -> Any:
    """Whether a variant can be bought: its stock, unless that is not counted or may go below 0."""
    if cells.text(*_POLICY).lower() in ("continue", "true"):
        return True
    if cells.has(*_TRACKER) and cells.get(*_TRACKER) is None:
        return True
    return cells.get(*_QUANTITY)


def _read(rows: Rows, rules: ReadingRules) -> Iterator[ShopRow | Reject | LeftOut]:
    return each_row(rows, _Products(rules).read)


SHOPIFY = ShopFormat(
    name="shopify",
    title="a product export of Shopify",
    signs=(
        _HANDLE,
        ("Title",),
        ("Body (HTML)", "Vendor", "Option1 Value", *_PRICE, *_SKU),
    ),
    columns=_COLUMNS,
    consumed=(
        *_PUBLISHED, "Status", *(f"Option{n} {part}" for n in _OPTIONS for part in
        ("Name", "Value", "Linked To")), "Image Position", "Image Alt Text",
    ),
    read=_read,
    remark="Each variant is an item: its `item_id` is the handle, with the values of its options "
    "after it (`river-tee:Small:Red`), its `group_id` the handle, the options its attributes. What "
    "the first row of a handle says of the product counts for all. Rows that only have a picture, "
    "and products that are not published, drafts or archived are left out, and counted.",
)  # fmt: skip
