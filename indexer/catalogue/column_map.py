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
TEXT_KEYS = ("category_separator", "format", "delimiter", "escape")
TOML_KEYS = ("fields", "constants", "ignore", *TEXT_KEYS)


class MappingError(LiveIntentError):
    """The column mapping names a field or a column that isn't there, or its file is wrong."""

    exit_code = 2


@dataclass
class Notes:
    """What became of the columns of no field: the number of rows, by column."""

    as_attributes: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    columns: set[str] = field(default_factory=set)  # every column of any row


@dataclass(frozen=True)
class ColumnMap:
    """`columns`: field -> its columns; `attributes.colour` is a field too.

    A column with a field's name needs no entry. Several columns of a text field are joined; those
    of `category` are its path. A value of any other column becomes an attribute when it is a text,
    a number or a list of these, else it is left out; `Notes` counts both.
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
            is_attribute = name.startswith(ATTRIBUTES) and name != ATTRIBUTES
            if not is_attribute and name not in FIELDS:
                raise MappingError(
                    f"{name!r} is not a field of an item. The fields: {', '.join(FIELDS)}, and "
                    "attributes.NAME"
                )
        if not self.category_separator.strip():
            raise MappingError("category_separator is blank: set it to a separator such as ' > '")

    @classmethod
    def parse(
        cls,
        options: Iterable[str] = (),
        file: Path | None = None,
        ignore: Iterable[str] = (),
        **changes: Any,
    ) -> "ColumnMap":
        """From a TOML file and `field=column` options, which replace the file's entries.

        `changes` are other arguments of the class; None leaves the file's. Raises MappingError.
        """
        arguments = _read_toml(file) if file else {}
        chosen: dict[str, tuple[str, ...]] = {}
        for option in options:
            name, sign, column = option.partition("=")
            if not sign or not name.strip() or not column.strip():
                raise MappingError(f"--map {option}: write it as field=column, e.g. title=name")
            chosen[name.strip()] = (*chosen.get(name.strip(), ()), column.strip())
        arguments["columns"] = {**arguments.get("columns", {}), **chosen}
        arguments["ignore"] = arguments.get("ignore", frozenset()) | frozenset(ignore)
        arguments |= {name: value for name, value in changes.items() if value is not None}
        return cls(**arguments)

    def check_header(self, header: Sequence[str]) -> None:
        """Raises MappingError when a CSV lacks a needed column, or has one twice."""
        repeated = [name for name, count in Counter(header).items() if count > 1]
        if repeated:
            raise MappingError(f"the header names {repeated[0]!r} twice: rename one of the columns")
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

    def check_rows(self, present: set[str]) -> None:
        """Raises MappingError when a mapped column is not among those `present` in any JSON row."""
        for name, columns in self.columns.items():
            for column in columns:
                if column not in present:
                    raise MappingError(
                        f"no row has {column!r} (mapped to {name}). The rows have: "
                        + ", ".join(sorted(present)[:30])
                    )

    def pick(self, row: Mapping[str, Any], notes: Notes | None = None) -> dict[str, Any]:
        """A row's raw values by field; attributes as a dict below `attributes`."""
        notes = notes or Notes()
        notes.columns.update(row)
        picked: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for name, value in self.constants.items():
            _put(picked, attributes, name, value)
        for name, columns in self.columns.items():
            values = [row[column] for column in columns if not is_blank(row.get(column))]
            if values:
                value = values[0] if len(values) == 1 else _join(name, values)
                _put(picked, attributes, name, value)
        not_others = self.ignore.union(*self.columns.values())
        for column, value in row.items():
            if column in not_others or is_blank(value):
                continue
            if column in FIELDS and column not in self.columns:
                _put(picked, attributes, column, value)
            elif column.startswith(ATTRIBUTES) and column not in self.columns:
                attributes[column.removeprefix(ATTRIBUTES)] = value
            elif _is_plain(value):
                attributes.setdefault(column, value)
                notes.as_attributes[column] += 1
            else:
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
    for table in ("fields", "constants"):
        if not isinstance(document.get(table, {}), dict):
            raise MappingError(f"{path}: {table} has to be a table: write [{table}]")
    columns = {}
    for name, value in _flat(document.get("fields", {})):
        names = value if isinstance(value, list) else [value]
        if not names or not all(isinstance(part, str) for part in names):
            raise MappingError(f"{path}: {name} wants a column's name or a list of names")
        columns[name] = tuple(names)
    ignore = document.get("ignore", [])
    if not isinstance(ignore, list):
        raise MappingError(f"{path}: ignore wants a list of columns")
    texts = {name: document[name] for name in TEXT_KEYS if name in document}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise MappingError(f"{path}: {name} wants a text")
    constants = dict(_flat(document.get("constants", {})))
    arguments = {"columns": columns, "constants": constants, "ignore": frozenset(map(str, ignore))}
    return arguments | texts


def _flat(table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """`attributes.colour = "color"` is a nested table in TOML: back to one name."""
    pairs: list[tuple[str, Any]] = []
    for name, value in table.items():
        if name == "attributes" and isinstance(value, dict):
            pairs += [(ATTRIBUTES + key, part) for key, part in value.items()]
        else:
            pairs.append((name, value))
    return pairs
