"""A catalogue file: JSON lines or CSV, plain or gzip, read row by row, twice if need be."""

import codecs
import csv
import gzip
import io
import shutil
import stat
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

from indexer.catalogue.column_map import ColumnMap
from indexer.catalogue.rejects import Reject
from plugin_config.errors import LiveIntentError

FORMATS = ("auto", "jsonl", "csv")
_SAMPLE = 4 << 20  # bytes that are looked at to find out about format, delimiter and escapes
MAX_FIELD = 1 << 20  # characters; an unclosed quote would swallow the rest of the file


class CatalogueError(LiveIntentError):
    """The catalogue can't be read at all."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it starts on (from 1), its columns, and its text for the rejects file."""

    line: int
    columns: dict[str, Any]
    raw: bytes


@dataclass(frozen=True)
class Catalogue:
    """A regular file that can be read again. `name` is what the user called it."""

    path: Path
    name: str
    mapping: ColumnMap
    format: str
    compressed: bool = False
    delimiter: str = ","
    escape: str | None = None

    def open(self) -> IO[bytes]:
        """Its bytes, unpacked."""
        if self.compressed:
            return io.BufferedReader(gzip.open(self.path, "rb"), 1 << 20)
        return self.path.open("rb", buffering=1 << 20)

    def rows(self) -> Iterator[Row | Reject]:
        """Every row in order, or why it is none; blank lines are skipped.

        Raises CatalogueError when the file breaks off (damaged gzip), MappingError when a CSV's
        header lacks a column that the mapping names.
        """
        try:
            with self.open() as file:
                if file.read(3) != codecs.BOM_UTF8:
                    file.seek(0)
                if self.format == "jsonl":
                    yield from _json_rows(file)
                else:
                    yield from self._csv_rows(file)
        except (OSError, EOFError) as error:
            raise CatalogueError(f"{self.name} can't be read to its end: {error}") from error

    def _csv_rows(self, file: IO[bytes]) -> Iterator[Row | Reject]:
        csv.field_size_limit(MAX_FIELD)
        lines = _Lines(file)
        reader = csv.reader(
            lines,
            delimiter=self.delimiter,
            escapechar=self.escape,
            skipinitialspace=True,
            strict=True,
        )
        header: list[str] | None = None
        while True:
            lines.record.clear()
            try:
                values = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                # The fault is on the record's first line (a quote too many or too few): the
                # lines behind it, swallowed by that quote, are read anew.
                lines.give_back(len(lines.record) - 1)
                yield lines.reject(_plain_reason(error))
                continue
            if not values:
                continue
            if header is None:
                header = [name.strip() for name in values]
                self.mapping.check_header(header)
            elif len(values) != len(header):
                yield lines.reject(f"{len(values)} columns; the header has {len(header)}")
            elif lines.not_utf8:
                yield lines.reject("not UTF-8")
            else:
                columns = dict(zip(header, values, strict=True))
                yield Row(lines.first, columns, b"".join(lines.record))
        if header is None:
            raise CatalogueError(f"{self.name} is empty: it needs a header and rows")


class _Lines:
    """Lines for csv.reader that can be given back; `record` holds those of the current row."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.number = 0
        self.record: list[bytes] = []
        self.pending: deque[bytes] = deque()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self.pending.popleft() if self.pending else next(self.file)
        self.number += 1
        self.record.append(line)
        return line.decode("utf-8", "surrogateescape")

    @property
    def first(self) -> int:
        return self.number - len(self.record) + 1

    @property
    def not_utf8(self) -> bool:
        for line in self.record:
            try:
                line.decode()
            except UnicodeDecodeError:
                return True
        return False

    def give_back(self, count: int) -> None:
        if count > 0:
            self.pending.extendleft(reversed(self.record[-count:]))
            del self.record[-count:]
            self.number -= count

    def reject(self, reason: str) -> Reject:
        return Reject(self.first, reason, _shown(b"".join(self.record)))


def _json_rows(file: IO[bytes]) -> Iterator[Row | Reject]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            columns = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield Reject(number, f"not JSON: {error.msg}, column {error.colno}", _shown(line))
            continue
        if isinstance(columns, dict):
            yield Row(number, columns, line)
        else:
            yield Reject(number, "not a JSON object", _shown(line))


@dataclass(frozen=True)
class CatalogueSource:
    """Where a catalogue comes from, a path or `-` for standard input, and how to read it.

    `rejects_file`: where bad rows go; None: they are only counted.
    """

    path: str | Path
    mapping: ColumnMap = field(default_factory=ColumnMap)
    format: str = "auto"
    rejects_file: Path | None = None

    @contextmanager
    def open(self) -> Iterator[Catalogue]:
        """The catalogue; what can be read only once (a pipe) is first copied to a temporary file.

        Raises CatalogueError: it is missing, a folder, empty or of an unknown format.
        """
        name = "standard input" if str(self.path) == "-" else str(self.path)
        path = Path(self.path)
        try:
            if str(self.path) != "-" and stat.S_ISREG(path.stat().st_mode):
                yield _examine(path, name, self.format, self.mapping)
                return
            if path.is_dir():
                raise CatalogueError(f"{name} is a folder: name a catalogue file")
            # TemporaryFile has no name to read it by twice, hence a folder that goes with all in it
            with tempfile.TemporaryDirectory(prefix="live-intent-") as folder:
                spool = Path(folder) / "catalogue"
                with spool.open("wb") as copy:
                    if str(self.path) == "-":
                        shutil.copyfileobj(sys.stdin.buffer, copy, 1 << 20)
                    else:
                        with path.open("rb") as pipe:
                            shutil.copyfileobj(pipe, copy, 1 << 20)
                yield _examine(spool, name, self.format, self.mapping)
        except (FileNotFoundError, PermissionError) as error:
            if error.filename not in (str(self.path), self.path):
                raise
            raise CatalogueError(
                f"the catalogue {name} can't be opened: {error.strerror}"
            ) from error


def _examine(path: Path, name: str, file_format: str, mapping: ColumnMap) -> Catalogue:
    if file_format == "auto":
        file_format = mapping.format
    if file_format not in FORMATS:
        raise CatalogueError(f"format {file_format!r} is unknown. Allowed: {', '.join(FORMATS)}")
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    plain = Catalogue(path, name, mapping, file_format, compressed)
    try:
        with plain.open() as file:
            sample = file.read(_SAMPLE)
    except (OSError, EOFError) as error:
        raise CatalogueError(f"{name} is not whole: {error}. Fetch or pack it again") from error
    sample = sample.removeprefix(codecs.BOM_UTF8)
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise CatalogueError(f"{name} is UTF-16: convert it (iconv -f UTF-16 -t UTF-8)")
    start = sample.lstrip()[:1]
    if not start:
        raise CatalogueError(f"{name} is empty: there are no items to index")
    if start == b"[" and file_format != "csv":
        raise CatalogueError(
            f"{name} is one JSON array; a catalogue has one object a line: jq -c '.[]' makes that"
        )
    if file_format == "auto":
        file_format = "jsonl" if start == b"{" else "csv"
    if file_format == "jsonl":
        return Catalogue(path, name, mapping, file_format, compressed)
    delimiter = mapping.delimiter or _find_delimiter(sample)
    escape = mapping.escape or _find_escape(sample, delimiter)
    return Catalogue(path, name, mapping, file_format, compressed, delimiter, escape or None)


def _find_delimiter(sample: bytes) -> str:
    header = sample.lstrip().split(b"\n", 1)[0].decode("utf-8", "replace")
    outside = "".join(header.split('"')[::2])  # what stands between quoted names
    return max(",;\t|", key=outside.count)


def _find_escape(sample: bytes, delimiter: str) -> str | None:
    r"""`\` where quotes are written \" (a dump of MySQL), None where they are doubled."""
    if b'\\"' not in sample:
        return None
    lines = sample.decode("utf-8", "replace").splitlines(keepends=True)[:-1]

    def good(escape: str | None) -> int:
        reader = csv.reader(
            lines, delimiter=delimiter, escapechar=escape, skipinitialspace=True, strict=True
        )
        width, count = None, 0
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return count
            except csv.Error:
                continue
            width = width or len(row)
            count += len(row) == width

    return "\\" if good("\\") > good(None) else None


def _plain_reason(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text or "field limit" in text:
        return "a quote is opened and never closed"
    return f"not CSV: {text}"


def _shown(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").rstrip("\r\n")
