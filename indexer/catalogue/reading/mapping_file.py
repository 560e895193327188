"""The TOML file that maps a catalogue's columns to an item's fields."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from indexer.catalogue.attributes.public_attributes import PublicAttributes
from indexer.catalogue.reading_rules import RULES, MappingError

ATTRIBUTES = "attributes."
TEXT_KEYS = ("format", "delimiter", "escape", "encoding")
TOML_KEYS = ("fields", "constants", "ignore", "public", *TEXT_KEYS, *RULES)


def read_mapping_file(path: Path) -> dict[str, Any]:
    """The arguments of ColumnMap that a file names. Raises MappingError."""
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
    public = document.get("public")
    if public is not None and not (
        isinstance(public, list) and all(isinstance(name, str) for name in public)
    ):
        raise MappingError(f"{path}: public wants a list of attributes' names")
    settings = {name: document[name] for name in (*TEXT_KEYS, *RULES) if name in document}
    for name, value in settings.items():
        if name != "strict" and not isinstance(value, str):
            raise MappingError(f"{path}: {name} wants a text")
    constants = dict(_flat(document.get("constants", {})))
    arguments: dict[str, Any] = {"columns": columns, "constants": constants}
    arguments["ignore"] = frozenset(map(str, ignore))
    if public is not None:
        arguments["public"] = PublicAttributes.of(public)
    return arguments | settings


def _flat(table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """`attributes.colour = "color"` is a nested table in TOML: back to one name."""
    pairs: list[tuple[str, Any]] = []
    for name, value in table.items():
        if name == "attributes" and isinstance(value, dict):
            pairs += [(ATTRIBUTES + key, part) for key, part in value.items()]
        elif name == "translations" and isinstance(value, dict):
            pairs += [
                (f"translations.{language}.{key}", part)
                for language, fields in value.items()
                for key, part in (fields.items() if isinstance(fields, dict) else [("", fields)])
            ]
        else:
            pairs.append((name, value))
    return pairs
