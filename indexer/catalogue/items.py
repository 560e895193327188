"""An item, and how a catalogue's rows become items."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from indexer.catalogue.attributes.attributes import AttributeValue, read_attributes
from indexer.catalogue.categories import read_categories
from indexer.catalogue.files.rows import LeftOut, Row
from indexer.catalogue.item_lines import ItemLines
from indexer.catalogue.notes import Notes
from indexer.catalogue.reading.catalogue_file import Catalogue, CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.reading_rules import ReadingRules
from indexer.catalogue.rejects import Reject
from indexer.catalogue.translations import Translations, read_translations, split_languages
from indexer.catalogue.values.availability import read_availability
from indexer.catalogue.values.markup import plain_text, read_description
from indexer.catalogue.values.numbers import read_number
from indexer.catalogue.values.price_lists import read_prices
from indexer.catalogue.values.prices import read_price
from indexer.catalogue.values.text import (
    MAX_TITLE,
    ValueProblem,
    is_blank,
    read_id,
    read_text,
    short,
    shown,
)
from indexer.catalogue.values.times import read_time

DESCRIPTION_WORDS = 40  # of the description's head in the embedded text
DESCRIPTION_CHARACTERS = 300  # the same for a text without spaces
MAX_TAG = 500  # characters of a brand
MAX_IDENTIFIER = 64  # characters; longer ones can't be asked for
_SEPARATOR = re.compile(r"[,;|\n]")

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Item:
    """Something a visitor can find.

    `category` is its path, root first; `other_categories` are further paths that it has.
    `description` is as the catalogue has it, HTML too.
    """

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
    attributes: dict[str, AttributeValue] = field(default_factory=dict)
    language: str = ""
    updated_at: str | None = None
    other_categories: tuple[tuple[str, ...], ...] = ()
    identifiers: tuple[str, ...] = ()  # its numbers beside the item_id: SKU, EAN, MPN
    prices: dict[str, float] = field(default_factory=dict)  # by price list: currency, `b2b`
    group_id: str = ""  # equal for the variants of one product; "": it is no variant
    translations: Translations = field(default_factory=dict)  # texts by further language

    @property
    def category_paths(self) -> tuple[tuple[str, ...], ...]:
        """All category paths, `category` first."""
        return (self.category, *self.other_categories) if self.category else ()

    def in_language(self, code: str) -> "Item":
        """The item with its texts of a language in place of its own ones, where it has them."""
        if (translation := self.translations.get(code)) is None:
            return self
        return replace(
            self,
            title=translation.title or self.title,
            description=translation.description or self.description,
            category=translation.category[0] if translation.category else self.category,
            other_categories=translation.category[1:]
            if translation.category
            else self.other_categories,
        )

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
        head = " ".join(plain_text(self.description).split()[:DESCRIPTION_WORDS])[
            :DESCRIPTION_CHARACTERS
        ]
        if head.lower().startswith(self.title.lower()):
            head = head[len(self.title) :].lstrip(" .,:;-")
        if head and head.lower() not in lower_case:
            parts.append(head)
        return ". ".join(parts)


def read_items(catalogue: Catalogue, notes: Notes | None = None) -> Iterator[Item | Reject]:
    """Every row of a catalogue: an item, or a reject.

    Of rows with the same item_id the first counts, and the others are rejects; or the last counts
    (`ReadingRules.duplicates`). Raises CatalogueError and MappingError when
    the whole file can't be read.
    """
    notes = notes if notes is not None else Notes()
    rules = catalogue.mapping.rules
    if rules.duplicates == "last":
        yield from _last_of_each(catalogue, notes)
        return
    with ItemLines() as lines:
        for each in _every_row(catalogue, notes):
            if isinstance(each, Reject):
                yield each
                continue
            row, item = each
            earlier = lines.first(item.item_id, row.line)
            if earlier == row.line:
                yield item
            else:
                reason = (
                    f"item_id {item.item_id} stands on line {earlier} already (--duplicates last "
                    "lets the last row count)"
                )
                reject = Reject.of_bytes(row.line, reason, row.raw)
                yield replace(reject, doubled=item.item_id)


def _every_row(catalogue: Catalogue, notes: Notes) -> Iterator[tuple[Row, Item] | Reject]:
    mapping, guessed = catalogue.mapping, catalogue.recognised.encoding.guessed
    for row in catalogue.rows():
        if isinstance(row, Reject):
            yield row
            continue
        if isinstance(row, LeftOut):
            notes.left_out[row.reason] += 1
            continue
        notes.guessed += guessed and not row.raw.isascii()
        try:
            yield row, to_item(mapping.pick(row.columns, notes), mapping.rules, notes)
        except ValueProblem as problem:
            yield Reject.of_bytes(row.line, str(problem), row.raw)


def _last_of_each(catalogue: Catalogue, notes: Notes) -> Iterator[Item | Reject]:
    """The last good row of each item_id, at its own position; costs a second pass."""
    with ItemLines() as last:
        for each in _every_row(catalogue, Notes()):
            if not isinstance(each, Reject):
                last.put(each[1].item_id, each[0].line)
        for each in _every_row(catalogue, notes):
            if isinstance(each, Reject):
                yield each
            elif last.of(each[1].item_id) == each[0].line:
                yield each[1]
            else:
                notes.overruled += 1


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
    values: Mapping[str, Any], rules: ReadingRules | None = None, notes: Notes | None = None
) -> Item:
    """An item from raw values by field name.

    A value that can't be read is left out and counted in `notes`. Raises ValueProblem, whose
    message is the reason, without an item_id or a title, and for any such value if `rules.strict`.
    """
    rules = rules or ReadingRules()
    notes = notes if notes is not None else Notes()
    values = split_languages(values)
    item_id = read_id(values.get("item_id"))
    title = _one_line(values.get("title"), "title", MAX_TITLE)
    if not title:
        raise ValueProblem("title is missing")

    def read(name: str, reader: Callable[[Any], Value], without: Value) -> Value:
        try:
            return reader(values.get(name))
        except ValueProblem as problem:
            if rules.strict:
                raise
            notes.add_unread(name, str(problem))
            return without

    def tag(name: str, limit: int) -> str:
        return read(name, lambda value: _one_line(value, name, limit), "")

    no_price: tuple[float | None, str] = (None, "")
    no_paths: tuple[tuple[str, ...], ...] = ()
    no_number: float | None = None
    no_prices: dict[str, float] = {}
    no_translations: Translations = {}
    price, currency = read("price", lambda v: read_price(v, rules.decimal_sign), no_price)
    available = read("available", read_availability, None)
    paths = read("category", lambda value: read_categories(value, rules), no_paths)
    popularity = read(
        "popularity", lambda v: read_number(v, "popularity", rules.decimal_sign), no_number
    )
    if "attributes_problem" in values:
        problem = f"attributes {shown(values['attributes_problem'])} is not an object"
        if rules.strict:
            raise ValueProblem(problem)
        notes.add_unread("attributes", problem)
    return Item(
        item_id=item_id,
        title=title,
        description=read("description", read_description, ""),
        brand=tag("brand", MAX_TAG),
        category=paths[0] if paths else (),
        price=price,
        currency=tag("currency", 16) or currency,
        available=True if available is None else available,
        popularity=popularity or 0.0,
        image_url=read("image_url", _first_text, ""),
        attributes=_attributes(values.get("attributes") or {}, rules, notes),
        language=tag("language", 35),
        updated_at=read("updated_at", lambda v: read_time(v, "updated_at", rules.date_order), None),
        other_categories=tuple(paths[1:]),
        identifiers=read("identifiers", _identifiers, ()),
        group_id=read("group_id", _group_id, ""),
        prices=read("prices", lambda v: read_prices(v, rules.decimal_sign), no_prices),
        translations=read("translations", lambda v: read_translations(v, rules), no_translations),
    )


def _one_line(value: Any, name: str, limit: int) -> str:
    return short(" ".join(read_text(value, name).split()), name, limit)


def _first_text(value: Any) -> str:
    """An address; of a list the first one."""
    if isinstance(value, list):
        value = next((part for part in value if not is_blank(part)), None)
    return read_text(value, "image_url")


def _identifiers(value: Any) -> tuple[str, ...]:
    """Identifiers from a list, or from a text with commas, semicolons or bars between them."""
    parts = value if isinstance(value, list) else [value]
    texts = [text for part in parts for text in _SEPARATOR.split(_identifier(part))]
    identifiers = (" ".join(text.split()) for text in texts)
    return tuple(dict.fromkeys(one for one in identifiers if one and len(one) <= MAX_IDENTIFIER))


def _identifier(value: Any) -> str:
    """One identifier, or several in a text; a whole number as its digits, as an id."""
    is_number = isinstance(value, int | float)
    return read_id(value, "identifiers") if is_number else read_text(value, "identifiers")


def _group_id(value: Any) -> str:
    return "" if is_blank(value) else read_id(value, "group_id")


def _attributes(
    values: Mapping[str, Any], rules: ReadingRules, notes: Notes
) -> dict[str, AttributeValue]:
    attributes, problems = read_attributes(values)
    for name, problem in problems:
        if rules.strict:
            raise ValueProblem(problem)
        notes.add_unread(f"attributes.{name}", problem)
    return attributes
