"""A change of some fields of an item, and how a file's rows become changes."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from indexer.catalogue.files.rows import CatalogueError, LeftOut
from indexer.catalogue.items import Item, to_item
from indexer.catalogue.notes import Notes
from indexer.catalogue.reading.catalogue_file import Catalogue
from indexer.catalogue.reading.column_map import FIELDS, ColumnMap
from indexer.catalogue.reading.reading import Reading
from indexer.catalogue.reading_rules import ReadingRules
from indexer.catalogue.rejects import Reject, RejectLimit, RejectsFile
from indexer.catalogue.translations import (
    TranslationChanges,
    Translations,
    changed,
    joined_changes,
    read_translation_changes,
    with_blanks,
)
from indexer.catalogue.values.price_lists import removed_prices
from indexer.catalogue.values.text import ValueProblem, is_blank, read_id
from indexer.progress import Progress

ALL_LISTS = ""  # of changed prices: those before are removed
ALL_LANGUAGES = ""  # of changed translations: the same
_EMPTY = to_item({"item_id": "-", "title": "-"})


@dataclass(frozen=True)
class ItemChange:
    """`values`: new values by the name of `Item`'s field; `attributes`: new ones, None removes.

    `clears_attributes`: all other attributes are removed. `version`: ms since 1970; None: now.
    """

    item_id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    clears_attributes: bool = False
    version: int | None = None

    @classmethod
    def of(
        cls,
        raw: Mapping[str, Any],
        rules: ReadingRules,
        notes: Notes | None = None,
        version: int | None = None,
    ) -> "ItemChange":
        """From raw values by field name; a blank one removes the field, or the attribute.

        A value that can't be read changes nothing and is counted in `notes`. Raises ValueProblem:
        no item_id, a title to remove, an unread value if `rules.strict`.
        """
        item_id = read_id(raw.get("item_id"))
        if "title" in raw and is_blank(raw["title"]):
            raise ValueProblem("title can't be removed: every item has one")
        if isinstance(raw.get("title"), Mapping):
            raise ValueProblem(
                "title is an object: in a change, a text of another language is written "
                'translations: {"de": {"title": "..."}}'
            )
        unread = Notes()
        item = to_item({"title": "-", **raw}, rules, unread)
        values: dict[str, Any] = {}
        for name in set(raw) & set(FIELDS) - {"item_id", "attributes"} - set(unread.unread):
            values[name] = getattr(_EMPTY if is_blank(raw[name]) else item, name)
        if "prices" in values:  # None: all of them are removed
            removals = dict.fromkeys(removed_prices(raw["prices"]))
            values["prices"] = None if is_blank(raw["prices"]) else removals | item.prices
        if "translations" in values:  # None: all of them are removed
            texts = raw["translations"]
            values["translations"] = (
                None if is_blank(texts) else read_translation_changes(texts, rules)
            )
        if "category" in values:
            values["other_categories"] = item.other_categories
        if "price" in values and item.currency and "currency" not in raw:
            values["currency"] = item.currency  # of the price's sign
        given_attributes = raw.get("attributes")
        given_names = given_attributes.items() if isinstance(given_attributes, Mapping) else ()
        removed = [" ".join(str(name).split()) for name, value in given_names if is_blank(value)]
        attributes = dict.fromkeys(removed) | item.attributes
        clears = "attributes" in raw and is_blank(given_attributes)
        if notes is not None:
            notes.merge_unread(unread)
        return cls(item_id, values, attributes, clears, version)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what it changes."""
        named = [f"attributes.{name}" for name in self.attributes]
        shown = [name for name in self.values if name != "other_categories"]
        return (*shown, *named, *(["attributes"] if self.clears_attributes else []))

    def of_item(self, item: Item) -> Item:
        """The item with the change."""
        merged = {**({} if self.clears_attributes else item.attributes), **self.attributes}
        attributes = {name: value for name, value in merged.items() if value is not None}
        values = dict(self.values)
        if "prices" in values:
            changed = values["prices"]
            prices: dict[str, float | None] = {}
            if changed is not None:
                prices = ({} if ALL_LISTS in changed else item.prices) | changed
            values["prices"] = {name: price for name, price in prices.items() if price is not None}
        if "translations" in values:
            values["translations"] = _translated(item.translations, values["translations"])
        return replace(item, **values, attributes=attributes)

    def then(self, later: "ItemChange") -> "ItemChange":
        """Both changes of one item as one."""
        kept = {} if later.clears_attributes else self.attributes
        values = {**self.values, **later.values}
        if "prices" in self.values and values["prices"] is not None:
            before = self.values["prices"]
            values["prices"] = ({ALL_LISTS: None} if before is None else before) | values["prices"]
        if "translations" in self.values and values["translations"] is not None:
            values["translations"] = _joined_translations(
                self.values["translations"], values["translations"]
            )
        return ItemChange(
            self.item_id,
            values,
            {**kept, **later.attributes},
            self.clears_attributes or later.clears_attributes,
            later.version,
        )


def _translated(before: Translations, changes: TranslationChanges | None) -> Translations:
    if changes is None:
        return {}
    return changed({} if ALL_LANGUAGES in changes else before, changes)


def _joined_translations(
    first: TranslationChanges | None, later: TranslationChanges
) -> TranslationChanges:
    return joined_changes({ALL_LANGUAGES: None} if first is None else first, later)


@dataclass(frozen=True)
class ChangesSurvey:
    """The first pass over a file of changes. `fields`: the number of rows, by changed field."""

    rows: int
    items: int
    rejects: int
    rejects_file: Path | None
    fields: Counter[str]
    notes: Notes
    reading: Reading


def read_changes(catalogue: Catalogue, notes: Notes | None = None) -> Iterator[ItemChange | Reject]:
    """Every row of a file of changes, whose mapping is `partial`: a change, or a reject.

    Constants of the mapping are left out: they are for new items. Raises as `read_items` does.
    """
    notes = notes if notes is not None else Notes()
    mapping = replace(catalogue.mapping, constants={})
    for row in catalogue.rows():
        if isinstance(row, Reject):
            yield row
            continue
        if isinstance(row, LeftOut):
            notes.left_out[row.reason] += 1
            continue
        try:
            yield change_of_row(row.columns, mapping, notes)
        except ValueProblem as problem:
            yield Reject.of_bytes(row.line, str(problem), row.raw)


def change_of_row(
    columns: Mapping[str, Any], mapping: ColumnMap, notes: Notes, version: int | None = None
) -> ItemChange:
    """The change that a row is, by a `partial` mapping. Raises ValueProblem: it changes nothing."""
    raw, blank = mapping.pick(columns, notes), mapping.blanks(columns)
    if "attributes" in raw:
        blank["attributes"] = (blank.get("attributes") or {}) | raw["attributes"]
    if "translations" in raw and "translations" in blank:
        blank["translations"] = with_blanks(raw["translations"], blank["translations"])
    change = ItemChange.of(raw | blank, mapping.rules, notes, version)
    if not change.names:
        raise ValueProblem(_nothing_to_change(raw | blank, mapping, columns))
    return change


def _nothing_to_change(
    raw: Mapping[str, Any], mapping: ColumnMap, columns: Mapping[str, Any]
) -> str:
    """Why a row changes nothing: all that it has is private, can't be read, or is the item_id."""
    notes = Notes()
    mapping.pick(columns, notes)
    ItemChange.of(raw, mapping.rules, notes)
    reasons = [problem for values in notes.unread.values() for problem in values.examples]
    if notes.private:
        reasons.append(
            f"private here are {', '.join(sorted(notes.private))} (a rebuild names what is public)"
        )
    return f"no field to change: {'; '.join(reasons) or 'the row names none beside the item_id'}"


def change_windows(catalogue: Catalogue, size: int) -> Iterator[list[ItemChange]]:
    """The good changes in lists of `size`, the last one shorter."""
    changes = (row for row in read_changes(catalogue) if isinstance(row, ItemChange))
    while window := list(islice(changes, size)):
        yield window


def joined(changes: list[ItemChange]) -> list[ItemChange]:
    """One change per item, in the order of the first."""
    by_id: dict[str, ItemChange] = {}
    for change in changes:
        earlier = by_id.get(change.item_id)
        by_id[change.item_id] = change if earlier is None else earlier.then(change)
    return list(by_id.values())


def survey_changes(
    catalogue: Catalogue, *, rejects_file: Path | None, limit: RejectLimit, progress: Progress
) -> ChangesSurvey:
    """Reads every row once and writes the rejects. Raises as `survey` does."""
    notes, counts = Notes(), Counter[str]()
    items = 0
    progress.start("read and check")
    with RejectsFile(rejects_file) as rejects:
        for each in rejects.accepted(read_changes(catalogue, notes), limit, progress):
            items += 1
            counts.update(each.names)
        progress.close()
        rows = items + rejects.count + notes.left_out.total()
        rejects.check(limit, rows)
        if not items:
            raise CatalogueError(f"{catalogue.name} changes no item (of {rows} rows)")
    where = rejects_file if rejects.count else None
    reading = Reading.of(catalogue, notes)
    return ChangesSurvey(
        rows=rows,
        items=items,
        rejects=rejects.count,
        rejects_file=where,
        fields=counts,
        notes=notes,
        reading=reading,
    )
