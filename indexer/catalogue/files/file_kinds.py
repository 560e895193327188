"""Files that are no catalogue of rows: what they are, by their first bytes, and what to do."""

import json
import re
from collections.abc import Mapping
from typing import Any

from indexer.catalogue.files.xml_items import is_feed

_SAVE_AS_CSV = "save the sheet as CSV (UTF-8) or tab-separated text"
_UNPACK = "unpack it and name the file inside"
# The first bytes, what the file is, and what to do.
_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"PAR1", "a Parquet file inside gzip", "unpack it"),
    (b"Obj\x01", "an Avro file", "write it as JSON lines"),
    (b"ORC", "an ORC file", "write it as JSON lines"),
    (b"ARROW1", "an Arrow file", "write it as JSON lines"),
    (b"SQLite format 3\x00", "an SQLite database", "export the table as CSV"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet or another office document (xls)", _SAVE_AS_CSV),
    (b"BZh", "packed with bzip2", "unpack it, or pack it with gzip"),
    (b"\xfd7zXZ\x00", "packed with xz", "unpack it, or pack it with gzip"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "unpack it, or pack it with gzip"),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"Rar!", "a rar archive", _UNPACK),
    (b"%PDF", "a PDF", "export the catalogue as CSV or JSON lines"),
    (b"\x1f\x8b", "packed with gzip twice", "unpack it once"),
    (b"{\\rtf", "a rich text document", "save it as plain text"),
)
_BULK_ACTIONS = frozenset(("index", "create", "update", "delete"))
_HEAD = 1 << 16  # characters in which the root element of XML is
_NO_TEXT = re.compile(r"[\x00\x02-\x08\x0e-\x1b]")  # \x01 and \x1c to \x1f delimit in some exports
_MOST_NO_TEXT = 0.05  # of the first characters
_START = 512  # characters
_MAX_DEPTH = 4  # of a list of items inside one JSON document


def foreign_kind(sample: bytes) -> str | None:
    """What a file is and what to do with it; None if it may be a text."""
    for start, what, advice in _KINDS:
        if sample.startswith(start):
            return f"{what}: {advice}"
    if sample[257:262] == b"ustar":
        return f"a tar archive: {_UNPACK}"
    if sample.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if re.search(rb"xl/|\[Content_Types\]|opendocument\.spreadsheet", sample[:4096]):
            return f"a spreadsheet (xlsx or ods): {_SAVE_AS_CSV}"
        return f"a zip archive: {_UNPACK}"
    return None


def foreign_text(text: str) -> str | None:
    """What to do with a file whose first characters are none of a text; None if they are."""
    start = text[:_START]
    if len(_NO_TEXT.findall(start)) <= _MOST_NO_TEXT * len(start):
        return None
    return "no text: export the catalogue as CSV or JSON lines, or name its encoding by --encoding"


def foreign_markup(text: str) -> str | None:
    """What a text that begins with `<` is instead of a feed; "" for a feed, None for no markup."""
    start = text[:512].lower()
    if re.match(r"<!doctype html|<html", start):
        return "a web page (of a log-in or an error?): fetch the file itself"
    if not re.match(r"<\?xml|<!|<[a-z][\w:.-]*[\s>]", start):
        return None
    if is_feed(text[:_HEAD].encode("utf-8", "replace")):
        return ""
    return (
        "an XML file, and no RSS or Atom feed of Google Merchant: export it as one, or as CSV, TSV "
        "or JSON lines"
    )


def foreign_json(text: str, columns: frozenset[str]) -> str | None:
    """What a text that begins with `{` or `[` is instead of JSON lines; None if it may be these.

    `columns` are those that the mapping names: who maps `_source.title` reads dumps as they are.
    """
    text = text.lstrip()
    if text.startswith("["):
        return "one JSON array; a catalogue has one object a line: jq -c '.[]' makes that"
    lines = [line for line in text.splitlines() if line.strip()][:2]
    try:
        first = json.loads(lines[0])
    except (ValueError, RecursionError):
        if lines[0].strip() == "{" or _spans_lines(text):
            return "JSON with each object on several lines: jq -c . makes that one line each"
        return None
    return _of_first_line(first, len(lines) == 1, columns)


def _of_first_line(first: Any, is_only: bool, columns: frozenset[str]) -> str | None:
    if not isinstance(first, Mapping):
        return None
    if (
        len(first) == 1
        and set(first) <= _BULK_ACTIONS
        and isinstance(next(iter(first.values())), Mapping)
    ):
        return (
            "a bulk request of a search engine, with an action before each document: "
            "jq -c 'if .index then .index._id as $id | input + {item_id: $id} else empty end' "
            "makes JSON lines of it"
        )
    reads_source = any(column.partition(".")[0] == "_source" for column in columns)
    if "_source" in first and not reads_source:
        return (
            "a dump of a search engine, with the fields of each item in _source: map them "
            "(--map item_id=_id --map title=_source.title), or jq -c '._source + {item_id: ._id}'"
        )
    if is_only and (path := _list_of_objects(first)) is not None:
        return f"one JSON document with a list of objects: jq -c '{path}[]' makes JSON lines of it"
    return None


def _spans_lines(text: str) -> bool:
    """Whether the first JSON value goes on over several lines."""
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return "\n" in text[:end]


def _list_of_objects(document: Mapping[str, Any], depth: int = 1) -> str | None:
    """The jq path of the only list of objects in a document that is no item itself."""
    if {"item_id", "title"} & set(document):
        return None
    for name, value in document.items():
        step = f".{name}" if re.fullmatch(r"[A-Za-z_]\w*", name) else f'["{name}"]'
        if isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
            return step
        if isinstance(value, Mapping) and depth < _MAX_DEPTH:
            path = _list_of_objects(value, depth + 1)
            if path is not None:
                return step + path
    return None
