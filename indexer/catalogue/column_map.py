"""Which column of a catalogue becomes which field of an item."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from indexer.catalogue.values import is_blank
from plugin_config.errors import LiveIntentError

FIELDS = (
    "item_id", "title", "description", "brand", "category", "price", "currency", "available",
    "popularity", "image_url", "attributes", "language", "updated_at",
)  # fmt: skip
ATTRIBUTES = "attributes."
TOML_KEYS = ("fields", "constants", "ignore", "category_separator", "format", "delimiter", "escape")


class MappingError(LiveIntentError):
    """The column mapping names a field or a column that isn't there, or its file is wrong."""

    exit_code = 2


@dataclass
class Notes:
    """What became of columns that no field asked for: how many rows, by column."""

    as_attributes: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class ColumnMap:
    """`columns`: field -> its columns; `attributes.colour` is a field too.

    A column that carries a field's name needs no entry. Several columns of a text are joined, of
    a category they are the path. Other columns become attributes where they hold a text, a number
    or a list of these, and are left out where they hold objects; `Notes` says which.
    """

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    category_separator: str = " > "
    format: str = "auto"
    delimiter: str | None = None
    escape: str | None = None

    def __post_init__(self) -> None:
        for name in (*self.columns, *self.constants):
            _check_field(name)
        if not self.category_separator.strip():
            raise MappingError("category_separator is blank: set it to a sign such as ' > '")

    @property
    def used(self) -> frozenset[str]:
        """Columns that some field names."""
        return frozenset(column for columns in self.columns.values() for column in columns)

    @classmethod
    def parse(
        cls,
        options: Iterable[str] = (),
        file: Path | None = None,
        ignore: Iterable[str] = (),
        **changes: Any,
    ) -> "ColumnMap":
        """From `field=column` options over a TOML file; options replace the file's entry.

        Raises MappingError.
        """
        given = _read_toml(file) if file else {}
        columns: dict[str, tuple[str, ...]] = dict(given.pop("columns", {}))
        chosen: dict[str, tuple[str, ...]] = {}
        for option in options:
            name, sign, column = option.partition("=")
            if not sign or not name.strip() or not column.strip():
                raise MappingError(f"--map {option}: write it as field=column, e.g. title=name")
            chosen[name.strip()] = (*chosen.get(name.strip(), ()), column.strip())
        given["ignore"] = frozenset(given.get("ignore", ())) | frozenset(ignore)
        given |= {name: value for name, value in changes.items() if value is not None}
        return cls(columns={**columns, **chosen}, **given)

    def check_header(self, header: Sequence[str]) -> None:
        """Raises MappingError when a CSV lacks a column that is needed."""
        twice = [name for name, count in Counter(header).items() if count > 1]
        if twice:
            raise MappingError(f"the header names {twice[0]!r} twice: rename one of the columns")
        shown = ", ".join(header)
        for name, columns in self.columns.items():
            for column in columns:
                if column not in header:
                    raise MappingError(
                        f"there is no column {column!r} (mapped to {name}). The columns: {shown}"
                    )
        for name in ("item_id", "title"):
            if name not in self.columns and name not in self.constants and name not in header:
                raise MappingError(
                    f"no column gives {name}: name it with --map {name}=COLUMN. The columns: "
                    f"{shown}"
                )

    def check_seen(self, seen: set[str]) -> None:
        """Raises MappingError when a mapped field occurred in no row of a JSONL."""
        for name, columns in self.columns.items():
            for column in columns:
                if column not in seen:
                    raise MappingError(
                        f"no row has {column!r} (mapped to {name}). The rows have: "
                        + ", ".join(sorted(seen)[:30])
                    )

    def pick(self, row: Mapping[str, Any], notes: Notes | None = None) -> dict[str, Any]:
        """The row's values by field; attributes as a dict of raw values below `attributes`."""
        picked: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for name, value in self.constants.items():
            _put(picked, attributes, name, value)
        for name, columns in self.columns.items():
            values = [row[column] for column in columns if column in row]
            values = [value for value in values if not is_blank(value)]
            if values:
                joined = values[0] if len(values) == 1 else _join(name, values)
                _put(picked, attributes, name, joined)
        used = self.used
        for column, value in row.items():
            if notes is not None:
                notes.seen.add(column)
            if column in used or column in self.ignore or is_blank(value):
                continue
            if column in FIELDS and column not in self.columns:
                _put(picked, attributes, column, value)
            elif column.startswith(ATTRIBUTES) and column not in self.columns:
                attributes[column.removeprefix(ATTRIBUTES)] = value
            elif _is_plain(value):
                attributes.setdefault(column, value)
                if notes is not None:
                    notes.as_attributes[column] += 1
            elif notes is not None:
                notes.left_out[column] += 1
        if attributes:
            picked["attributes"] = attributes
        return picked


def _put(picked: dict[str, Any], attributes: dict[str, Any], name: str, value: Any) -> None:
    if name == "attributes":
        if isinstance(value, Mapping):
            attributes.update(value)
        else:
            picked["attributes_problem"] = value
    elif name.startswith(ATTRIBUTES):
        attributes[name.removeprefix(ATTRIBUTES)] = value
    else:
        picked[name] = value


def _join(name: str, values: list[Any]) -> Any:
    if name == "category":
        path: list[Any] = []
        for value in values:
            path.extend(value if isinstance(value, list) else [value])
        return path
    separator = ", " if name.startswith(ATTRIBUTES) else " "
    return separator.join(
        ", ".join(map(str, value)) if isinstance(value, list) else str(value) for value in values
    )


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(part, str | int | float) for part in value)
    return isinstance(value, str | int | float)


def _check_field(name: str) -> None:
    if name.startswith(ATTRIBUTES) and len(name) > len(ATTRIBUTES):
        return
    if name not in FIELDS:
        raise MappingError(
            f"{name!r} is not a field of an item. The fields: {', '.join(FIELDS)}, and "
            "attributes.NAME"
        )


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"the mapping file {path} can't be read: {error}") from error
    unknown = set(document) - set(TOML_KEYS)
    if unknown:
        raise MappingError(
            f"{path}: {sorted(unknown)[0]!r} is not known. Allowed: {', '.join(TOML_KEYS)}"
        )
    given: dict[str, Any] = {"columns": {}, "constants": {}}
    for table, target in (("fields", "columns"), ("constants", "constants")):
        if not isinstance(document.get(table, {}), dict):
            raise MappingError(f"{path}: {table} has to be a table: write [{table}]")
        for name, value in _flat(document.get(table, {})):
            if target == "columns":
                names = value if isinstance(value, list) else [value]
                if not names or not all(isinstance(part, str) for part in names):
                    raise MappingError(f"{path}: {name} wants a column's name or a list of names")
                given[target][name] = tuple(names)
            else:
                given[target][name] = value
    ignore = document.get("ignore", [])
    if not isinstance(ignore, list):
        raise MappingError(f"{path}: ignore wants a list of columns")
    given["ignore"] = frozenset(map(str, ignore))
    for name in ("category_separator", "format", "delimiter", "escape"):
        if name in document:
            if not isinstance(document[name], str):
                raise MappingError(f"{path}: {name} wants a text")
            given[name] = document[name]
    return given


def _flat(table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """`attributes.colour = "color"` is a nested table in TOML: back to one name."""
    pairs: list[tuple[str, Any]] = []
    for name, value in table.items():
        if name == "attributes" and isinstance(value, dict):
            pairs += [(ATTRIBUTES + key, part) for key, part in value.items()]
        else:
            pairs.append((name, value))
    return pairs
