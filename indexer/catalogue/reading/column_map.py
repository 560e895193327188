"""Which column of a catalogue becomes which field of an item."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from indexer.catalogue.attributes.attributes import flat, pairs_of
from indexer.catalogue.attributes.public_attributes import PublicAttributes
from indexer.catalogue.formats.shop_formats import advice
from indexer.catalogue.notes import Notes
from indexer.catalogue.reading.mapping_file import ATTRIBUTES, read_mapping_file
from indexer.catalogue.reading.row_values import is_plain, joined, object_of, part_of
from indexer.catalogue.reading_rules import RULES, MappingError, ReadingRules
from indexer.catalogue.translations import translated_column
from indexer.catalogue.values.text import is_blank

FIELDS = (
    "item_id", "title", "description", "brand", "category", "price", "currency", "available",
    "popularity", "image_url", "attributes", "language", "updated_at", "identifiers", "group_id",
    "prices", "translations",
)  # fmt: skip
# Columns that are identifiers of the item too, unless `identifiers` has a column of its own.
IDENTIFIER_COLUMNS = frozenset(("sku", "ean", "gtin", "upc", "isbn", "mpn", "barcode"))


@dataclass(frozen=True)
class ColumnMap:
    """`columns`: field -> its columns; `attributes.colour` is a field too.

    A column with a field's name needs no entry. `brand.name` is the column of that name, or the
    part `name` of the object in the column `brand`; of a list of objects, of each. Several columns
    of a text field are joined; those of `category` are its path, those of `identifiers` or of an
    attribute a list. Any other column becomes an attribute when `public` names it; `Notes` counts
    the private ones.
    """

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    public: PublicAttributes = field(default_factory=PublicAttributes)
    rules: ReadingRules = field(default_factory=ReadingRules)
    format: str = "auto"
    delimiter: str | None = None
    escape: str | None = None
    encoding: str | None = None
    partial: bool = False  # a file of changes: columns may be missing, all but the item_id's

    def __post_init__(self) -> None:
        for name in (*self.columns, *self.constants):
            is_attribute = name.startswith(ATTRIBUTES) and name != ATTRIBUTES
            is_known = is_attribute or name in FIELDS or is_translated(name)
            if not is_known:
                raise MappingError(
                    f"{name!r} is not a field of an item. The fields: {', '.join(FIELDS)}, "
                    "attributes.NAME, and translations.LANGUAGE.title (description, category)"
                )

    @classmethod
    def parse(
        cls,
        options: Iterable[str] = (),
        file: Path | None = None,
        ignore: Iterable[str] = (),
        **changes: Any,
    ) -> "ColumnMap":
        """From a TOML file and `field=column` options, which replace the file's entries.

        `changes` are arguments of ReadingRules and other ones of the class; None leaves the file's.
        Raises MappingError.
        """
        arguments = read_mapping_file(file) if file else {}
        chosen: dict[str, tuple[str, ...]] = {}
        for option in options:
            name, sign, column = option.partition("=")
            if not sign or not name.strip() or not column.strip():
                raise MappingError(f"--map {option}: write it as field=column, e.g. title=name")
            chosen[name.strip()] = (*chosen.get(name.strip(), ()), column.strip())
        arguments["columns"] = {**arguments.get("columns", {}), **chosen}
        arguments["ignore"] = arguments.get("ignore", frozenset()) | frozenset(ignore)
        arguments |= {name: value for name, value in changes.items() if value is not None}
        rules = {name: arguments.pop(name) for name in RULES if name in arguments}
        return cls(rules=ReadingRules(**rules), **arguments)

    @cached_property
    def _paths(self) -> tuple[str, ...]:
        """Mapped columns with a dot, which may name a part of an object."""
        return tuple(c for columns in self.columns.values() for c in columns if "." in c)

    @cached_property
    def _not_others(self) -> frozenset[str]:
        """Columns that become no attribute: ignored, mapped, or mapped in part."""
        mapped = {c for columns in self.columns.values() for c in columns}
        return self.ignore | mapped | {path.partition(".")[0] for path in self._paths}

    def check_header(self, header: Sequence[str]) -> None:
        """Raises MappingError when a CSV lacks a needed column, or has one twice."""
        repeated = [name for name, count in Counter(header).items() if count > 1]
        if repeated:
            raise MappingError(f"the header names {repeated[0]!r} twice: rename one of the columns")
        shown = ", ".join(header)
        for name, columns in self.columns.items():
            for column in columns:
                if column not in header and not self.partial:
                    raise MappingError(
                        f"there is no column {column!r} (mapped to {name}). The columns: {shown}"
                    )
        for name in ("item_id",) if self.partial else ("item_id", "title"):
            if name not in self.columns and name not in self.constants and name not in header:
                raise MappingError(
                    f"no column gives {name}: name it with --map {name}=COLUMN. The columns: "
                    f"{shown}. {advice(header)}".removesuffix(". ")
                )

    def check_rows(self, present: set[str], *, whole: bool) -> None:
        """Raises MappingError when no JSON row has a needed column; `present`: those of any row.

        In a `whole` catalogue every mapped column is needed, else those of id and title.
        """
        shown = ", ".join(sorted(present)[:30])
        for name in ("item_id", "title"):
            if name not in self.columns and name not in self.constants and name not in present:
                raise MappingError(
                    f"no row has {name}: name its column with --map {name}=COLUMN. The rows have: "
                    f"{shown}. {advice(present)}".removesuffix(". ")
                )
        for name, columns in self.columns.items():
            for column in columns if whole or name in ("item_id", "title") else ():
                if column not in present:
                    raise MappingError(
                        f"no row has {column!r} (mapped to {name}). The rows have: {shown}"
                    )

    def blanks(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that a row gives as blank, each as None; attributes as a dict of None."""
        fields: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for name, columns in self.columns.items():
            values = [row[column] for column in columns if column in row]
            if values and all(map(is_blank, values)):
                _put(fields, attributes, name, None if name != "attributes" else {})
        for column, value in row.items():
            if column in self._not_others or not is_blank(value):
                continue
            if column == "attributes" or (column in FIELDS and column not in self.columns):
                fields[column] = None
            elif is_translated(column) and column not in self.columns:
                _put(fields, attributes, column, None)
            elif column.removeprefix(ATTRIBUTES) and column not in self.columns:
                attributes[column.removeprefix(ATTRIBUTES)] = None
        return fields | ({"attributes": attributes} if attributes else {})

    def pick(self, row: Mapping[str, Any], notes: Notes | None = None) -> dict[str, Any]:
        """A row's raw values by field; attributes as a dict below `attributes`."""
        notes = notes or Notes()
        notes.columns.update(row)
        parts = {
            column: part for column in self._paths if (part := part_of(row, column)) is not None
        }
        notes.columns.update(parts)
        row_and_parts = {**row, **parts} if parts else row
        picked: dict[str, Any] = {}
        mapped: dict[str, Any] = {}  # attributes, as are `others`
        others: dict[str, Any] = {}
        for name, value in self.constants.items():
            _put(picked, mapped, name, value)
        for name, columns in self.columns.items():
            values = [
                row_and_parts[column]
                for column in columns
                if not is_blank(row_and_parts.get(column))
            ]
            if values:
                value = values[0] if len(values) == 1 else joined(name, values)
                _put(picked, mapped, name, value)
        for column, value in row.items():
            if column in self._not_others or is_blank(value):
                continue
            if column in FIELDS and column not in self.columns:
                _put(picked, mapped, column, value)
            elif column.startswith(ATTRIBUTES) and column not in self.columns:
                mapped[column.removeprefix(ATTRIBUTES)] = value
            elif "." in column and is_translated(column) and column not in self.columns:
                _put(picked, mapped, column, value)
            else:
                others[column] = value
        numbers = self._numbers(row)
        if numbers and "identifiers" not in picked:
            picked["identifiers"] = numbers
        attributes = self._public(mapped, others, notes)
        if attributes:
            picked["attributes"] = attributes
        return picked

    def _numbers(self, row: Mapping[str, Any]) -> list[Any]:
        """The values of IDENTIFIER_COLUMNS that are mapped to nothing."""
        return [
            value
            for column, value in row.items()
            if column.lower() in IDENTIFIER_COLUMNS
            and column not in self._not_others
            and not is_blank(value)
            and is_plain(value)
        ]

    def _public(
        self, mapped: Mapping[str, Any], others: Mapping[str, Any], notes: Notes
    ) -> dict[str, Any]:
        """The public attributes of a row; `notes` counts the private ones."""
        public: dict[str, Any] = {}
        for source in (mapped, others):
            for name, value in source.items():
                for path, part in flat(name, value):
                    if self.public.includes(path, mapped=source is mapped):
                        public.setdefault(path, part)
                    else:
                        notes.private[path] += 1
        return public


def is_translated(name: str) -> bool:
    """Whether a field or column is a text in a further language: `translations.de.title`."""
    return bool(translated_column(name)[0])


def _put(picked: dict[str, Any], attributes: dict[str, Any], name: str, value: Any) -> None:
    if name == "attributes":
        if (object_ := object_of(value)) is not None:
            attributes.update(object_)
        elif (pairs := pairs_of(value)) is not None:
            attributes.update(pairs)
        else:
            picked["attributes_problem"] = value
    elif name.startswith(ATTRIBUTES):
        attributes[name.removeprefix(ATTRIBUTES)] = value
    elif is_translated(name):
        language, field_ = translated_column(name)
        translations = dict(object_of(picked.get("translations")) or {})
        known = translations.get(language)
        translations[language] = {**(known if isinstance(known, Mapping) else {}), field_: value}
        picked["translations"] = translations
    else:
        picked[name] = value
