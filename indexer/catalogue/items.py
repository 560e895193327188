"""An item, and how a catalogue's rows become items."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from indexer.catalogue.catalogue_file import Catalogue, CatalogueSource
from indexer.catalogue.column_map import ColumnMap, Notes
from indexer.catalogue.rejects import Reject
from indexer.catalogue.values import (
    ValueProblem,
    read_flag,
    read_id,
    read_number,
    read_price,
    read_text,
    read_time,
)

DESCRIPTION_WORDS = 40  # of the description's head in the embedded text
DESCRIPTION_CHARACTERS = 300  # the same for a text without spaces
MAX_ATTRIBUTE = 8_000  # bytes; the engine refuses a term of more than 32,766
MAX_TAG = 500  # characters of a brand or of a category path


@dataclass(frozen=True, slots=True)
class Item:
    """Something a visitor can find. `category` is its path, root first."""

    item_id: str
    title: str
    description: str = ""
    brand: str = ""
    category: tuple[str, ...] = ()
    price: float | None = None
    currency: str = ""
    available: bool = True
    popularity: float = 0.0
    image_url: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    language: str = ""
    updated_at: str | None = None

    @property
    def text(self) -> str:
        """The text that is embedded: title, brand, category leaf and the description's head.

        Brand, leaf and head are left out where the text before them has them already; a head that
        begins with the title loses it.
        """
        parts = [self.title]
        lower_case = self.title.lower()
        for tag in (self.brand, self.category[-1] if self.category else ""):
            if tag and tag.lower() not in lower_case:
                parts.append(tag)
                lower_case += " " + tag.lower()
        head = " ".join(self.description.split()[:DESCRIPTION_WORDS])[:DESCRIPTION_CHARACTERS]
        if head.lower().startswith(self.title.lower()):
            head = head[len(self.title) :].lstrip(" .,:;-")
        if head and head.lower() not in lower_case:
            parts.append(head)
        return ". ".join(parts)


def read_items(catalogue: Catalogue, notes: Notes | None = None) -> Iterator[Item | Reject]:
    """Every row of a catalogue: an item, or a reject.

    A row that repeats an earlier item_id is a reject. Raises CatalogueError and MappingError when
    the whole file can't be read.
    """
    notes = notes or Notes()
    mapping, lines = catalogue.mapping, dict[str, int]()
    for row in catalogue.rows():
        if isinstance(row, Reject):
            yield row
            continue
        try:
            item = to_item(mapping.pick(row.columns, notes), mapping.category_separator, notes)
        except ValueProblem as problem:
            yield Reject.of_bytes(row.line, str(problem), row.raw)
            continue
        earlier = lines.setdefault(item.item_id, row.line)
        if earlier == row.line:
            yield item
        else:
            reason = f"item_id {item.item_id} stands on line {earlier} already"
            yield Reject.of_bytes(row.line, reason, row.raw)


def good_items(catalogue: Catalogue) -> Iterator[Item]:
    """The items of `read_items`, rejects left out."""
    return (row for row in read_items(catalogue) if isinstance(row, Item))


def item_windows(catalogue: Catalogue, size: int) -> Iterator[list[Item]]:
    """The good items in lists of `size`, the last one shorter."""
    items = good_items(catalogue)
    while window := list(islice(items, size)):
        yield window


def items_of_file(path: Path, mapping: ColumnMap | None = None) -> list[Item]:
    """The items of a catalogue file, rejects left out. Raises as `read_items` does."""
    with CatalogueSource(path, mapping or ColumnMap()).open() as catalogue:
        return list(good_items(catalogue))


def to_item(
    values: Mapping[str, Any], category_separator: str = " > ", notes: Notes | None = None
) -> Item:
    """An item from raw values by field name. Raises ValueProblem, whose message is the reason."""
    item_id = read_id(values.get("item_id"))
    title = " ".join(read_text(values.get("title"), "title").split())
    if not title:
        raise ValueProblem("title is missing")
    price, currency = read_price(values.get("price"))
    available = read_flag(values.get("available"), "available")
    if "attributes_problem" in values:
        raise ValueProblem(f"attributes {values['attributes_problem']!r} is not an object")
    return Item(
        item_id=item_id,
        title=title,
        description=read_text(values.get("description"), "description"),
        brand=_short(values.get("brand"), "brand", MAX_TAG),
        category=_category(values.get("category"), category_separator),
        price=price,
        currency=_short(values.get("currency"), "currency", 16) or currency,
        available=True if available is None else available,
        popularity=read_number(values.get("popularity"), "popularity") or 0.0,
        image_url=read_text(values.get("image_url"), "image_url"),
        attributes=_attributes(values.get("attributes") or {}, notes or Notes()),
        language=_short(values.get("language"), "language", 35),
        updated_at=read_time(values.get("updated_at"), "updated_at"),
    )


def _short(value: Any, name: str, limit: int) -> str:
    text = " ".join(read_text(value, name).split())
    if len(text) > limit:
        raise ValueProblem(f"{name} {text[:40]}... is longer than {limit} characters")
    return text


def _category(value: Any, separator: str) -> tuple[str, ...]:
    """A category path from a list, or from a text with separators."""
    parts = value if isinstance(value, list) else read_text(value, "category").split(separator)
    path = [_short(part, "category", MAX_TAG) for part in parts]
    path = [part for part in path if part]
    if sum(map(len, path)) > MAX_TAG:
        raise ValueProblem(f"category {path[0]} > ... is longer than {MAX_TAG} characters")
    return tuple(path)


def _attributes(values: Mapping[str, Any], notes: Notes) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for name, value in values.items():
        # The engine's flat_object would read a point in a name as a path.
        key = " ".join(str(name).replace(".", "_").split())
        if isinstance(value, dict) or (
            isinstance(value, list) and any(isinstance(part, dict | list) for part in value)
        ):
            raise ValueProblem(f"attribute {name} is an object; a text or a number is wanted")
        text = read_text(value, f"attribute {name}")
        if not key or not text:
            continue
        if len(text) * 4 > MAX_ATTRIBUTE and len(text.encode()) > MAX_ATTRIBUTE:
            notes.left_out[f"{name} (longer than {MAX_ATTRIBUTE} bytes)"] += 1
            continue
        attributes[key] = text
    return attributes
