"""WooCommerce's product export: variations are items, with what their variable product says."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import orjson

from indexer.catalogue.files.rows import LeftOut, Row
from indexer.catalogue.formats.prices import sale_price
from indexer.catalogue.formats.shop_format import Cells, Rows, ShopFormat, ShopRow, each_row
from indexer.catalogue.formats.woocommerce_columns import english_key
from indexer.catalogue.reading_rules import ReadingRules
from indexer.catalogue.rejects import Reject
from indexer.catalogue.values.text import ValueProblem

_NUMBERS = ("SKU", "GTIN, UPC, EAN, or ISBN")
_PERIOD = ("Date sale price starts", "Date sale price ends")
_COLUMNS = {
    "item_id": ("ID", "SKU"),
    "group_id": ("Parent",),
    "title": ("Name",),
    "description": ("Short description", "Description"),
    "brand": ("Brands", "Brand"),
    "category": ("Categories",),
    "price": ("Sale price", "Regular price"),
    "attributes.regular_price": ("Regular price",),
    "available": ("In stock?", "Stock"),
    "image_url": ("Images",),
    "identifiers": _NUMBERS,
}
_COMMA = re.compile(r"(?<!\\),\s*")
_ATTRIBUTE = re.compile(r"attribute (\d+) name")
_OF_ATTRIBUTES = ("value(s)", "visible", "global", "default")


@dataclass
class _Parents:
    """The variable products of a file, in a database that is on disk where it is large.

    Variations may stand anywhere before or after them.
    """

    database: sqlite3.Connection
    last: tuple[str, Cells | None] = field(default=("", None))

    @classmethod
    def of(cls, rows: Rows) -> "_Parents":
        """From a pass over all rows."""
        database = sqlite3.connect("", check_same_thread=False)
        database.execute("PRAGMA journal_mode=OFF")
        database.execute("CREATE TABLE parents (id TEXT, sku TEXT, columns BLOB)")
        database.execute("CREATE TABLE wanted (ref TEXT PRIMARY KEY)")
        for row in rows():
            if isinstance(row, Reject):
                continue
            cells = Cells(row.columns, english_key)
            try:
                kinds, parent = _kinds(cells), _reference(cells)
                if "variable" in kinds:
                    values = (_key(cells.text("ID")), _key(cells.text("SKU")))
                    packed = orjson.dumps(row.columns, default=str)
                    database.execute("INSERT INTO parents VALUES (?, ?, ?)", (*values, packed))
                elif "variation" in kinds and parent and not _left_out(cells):
                    database.execute("INSERT OR IGNORE INTO wanted VALUES (?)", (parent,))
            except ValueProblem:
                continue  # the second pass rejects it
        database.execute("CREATE INDEX by_id ON parents (id)")
        database.execute("CREATE INDEX by_sku ON parents (sku)")
        return cls(database)

    def of_variation(self, reference: str) -> Cells | None:
        """The variable product that `id:7`, or a SKU, names."""
        if self.last[0] != reference:
            column = "id" if reference.startswith("id:") else "sku"
            found = self.database.execute(
                f"SELECT columns FROM parents WHERE {column} = ?",
                (reference.removeprefix("id:"),),
            ).fetchone()
            self.last = (reference, Cells(orjson.loads(found[0]), english_key) if found else None)
        return self.last[1]

    def has_variations(self, cells: Cells) -> bool:
        """Whether a variation names this product as its parent."""
        names = [name for name in (_key(cells.text("ID")), _key(cells.text("SKU"))) if name]
        references = (f"id:{names[0]}", *names) if names else ()
        marks = ",".join("?" * len(references))
        query = f"SELECT 1 FROM wanted WHERE ref IN ({marks})"
        return self.database.execute(query, references).fetchone() is not None


def _key(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _kinds(cells: Cells) -> list[str]:
    return [kind.strip().lower() for kind in cells.text("Type").split(",")]


def _reference(cells: Cells) -> str:
    text = _key(cells.text("Parent"))
    return f"id:{text[3:].strip()}" if text.lower().startswith("id:") else text


def _left_out(cells: Cells) -> str:
    """Why a row is no item by its own word; "" where it is one."""
    published = cells.text("Published").lower()
    if published in ("0", "-1", "false", "no"):
        return "not published"
    hidden = cells.text("Visibility in catalog").lower() == "hidden"
    return "hidden in the shop" if hidden else ""


def _list(text: str) -> list[str]:
    r"""The parts between commas; `\\,` is a comma in a part."""
    parts = (part.replace("\\,", ",").strip() for part in _COMMA.split(text))
    return [part for part in parts if part]


def _attributes(cells: Cells, every: bool) -> dict[str, list[str]]:
    """The values of attributes that shoppers see, by name; `every`: of all."""
    attributes: dict[str, list[str]] = {}
    for key in cells:
        if (match := _ATTRIBUTE.fullmatch(key)) is None:
            continue
        stem = f"attribute {match[1]}"
        name, values = cells.text(key), _list(cells.text(f"{stem} value(s)"))
        if name and values and (every or cells.text(f"{stem} visible") != "0"):
            attributes[name] = values
    return attributes


@dataclass(frozen=True)
class _Products:
    parents: _Parents
    rules: ReadingRules

    def read(self, row: Row) -> ShopRow | LeftOut:
        """The row as an item. Raises ValueProblem."""
        cells = Cells(row.columns, english_key)
        kinds = _kinds(cells)
        if reason := _left_out(cells):
            return LeftOut(row.line, reason)
        if "variable" in kinds and self.parents.has_variations(cells):
            return LeftOut(row.line, "variable products, whose variations are the items")
        reference = _reference(cells) if "variation" in kinds else ""
        parent = self.parents.of_variation(reference) if reference else None
        if parent is not None and (reason := _left_out(parent)):
            return LeftOut(row.line, reason)
        fields = self._fields(cells, parent)
        if cells.has("Parent"):
            group = parent.text("ID", "SKU") if parent else reference.removeprefix("id:")
            fields["group_id"] = group or None
        return ShopRow(row, fields)

    def _fields(self, cells: Cells, parent: Cells | None) -> dict[str, Any]:
        """The fields of an item; what a variation leaves blank is as its product has it."""
        fields = cells.fields(_COLUMNS, "item_id", "title", "brand")
        texts = {
            name: cells.text(name) or (parent.text(name) if parent else "")
            for name in (
                "Name",
                "Brands",
                "Brand",
                "Categories",
                "Images",
                *_COLUMNS["description"],
            )
        }
        if "title" in fields:
            fields["title"] = texts["Name"] or None
        if "brand" in fields:
            fields["brand"] = ", ".join(_list(texts["Brands"] or texts["Brand"]))
        if cells.has(*_COLUMNS["description"]):
            described = [texts[name] for name in _COLUMNS["description"] if texts[name]]
            joined = "\n".join(dict.fromkeys(described))
            fields["description"] = joined.replace("\\n", "\n").replace("\\,", ",")
        if cells.has("Categories"):
            paths = _list(texts["Categories"])
            fields["category"] = [[n.strip() for n in path.split(" > ")] for path in paths]
        if cells.has("Tags"):
            fields["Tags"] = _list(cells.text("Tags") or (parent.text("Tags") if parent else ""))
        if cells.has("Images"):
            fields["image_url"] = next(iter(_list(texts["Images"])), None)
        if cells.has(*_COLUMNS["price"]):
            regular, sale = cells.get("Regular price"), cells.get("Sale price")
            period = (cells.get(_PERIOD[0]), cells.get(_PERIOD[1]))
            fields["price"], higher = sale_price(regular, sale, period, self.rules)
            if higher is not None:
                fields["attributes.regular_price"] = higher
        if cells.has(*_COLUMNS["available"]):
            fields["available"] = cells.get(*_COLUMNS["available"])
        if cells.has(*_NUMBERS):
            numbers = (cells.text(name) for name in _NUMBERS)
            fields["identifiers"] = [number for number in numbers if number]
        attributes = _attributes(parent, every=False) if parent else {}
        attributes |= _attributes(cells, every=parent is not None)
        return fields | {
            f"attributes.{name}": values if len(values) > 1 else values[0]
            for name, values in attributes.items()
        }


def _read(rows: Rows, rules: ReadingRules) -> Iterator[ShopRow | Reject | LeftOut]:
    parents = _Parents.of(rows)
    with closing(parents.database):
        yield from each_row(rows, _Products(parents, rules).read)


WOOCOMMERCE = ShopFormat(
    name="woocommerce",
    title="a product export of WooCommerce",
    signs=(
        ("ID", "SKU"),
        ("Type",),
        ("Name",),
        ("Regular price", "In stock?", "Categories", "Parent"),
    ),
    columns=_COLUMNS,
    consumed=(
        "Type", "Published", "Visibility in catalog", *_PERIOD,
        *(f"Attribute {n} {part}" for n in range(1, 60) for part in ("name", *_OF_ATTRIBUTES)),
    ),
    read=_read,
    remark="Each variation is an item with what it leaves blank from its variable product, whose "
    "ID is its `group_id`; the variable product itself is left out. So are products that are not "
    "published or hidden; both are counted. Visible attributes (`Attribute 1 name`, `Attribute 1 "
    "value(s)`) are attributes. The sale price counts within its dates. The header may "
    "be in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish or Russian.",
    key=english_key,
)  # fmt: skip
