"""A catalogue file: JSON lines or CSV, plain or gzip, read row by row, as often as needed."""

import codecs
import csv
import gzip
import io
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import orjson

from indexer.catalogue.column_map import ColumnMap
from indexer.catalogue.csv_lines import CsvLines, csv_reader, find_delimiter, find_escape
from indexer.catalogue.rejects import Reject
from plugin_config.errors import LiveIntentError

FORMATS = ("auto", "jsonl", "csv")
_SAMPLE = 4 << 20  # bytes from which format, delimiter and escape character are recognised
_BUFFER = 1 << 20  # bytes


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
        """The file's bytes, unpacked."""
        if self.compressed:
            return io.BufferedReader(gzip.open(self.path, "rb"), _BUFFER)
        return self.path.open("rb", buffering=_BUFFER)

    def rows(self) -> Iterator[Row | Reject]:
        """Every row in order, a Reject for a bad one; blank lines are skipped.

        Raises CatalogueError when the file breaks off (damaged gzip), MappingError when a CSV's
        header lacks a column that the mapping names.
        """
        try:
            with self.open() as file:
                if file.read(3) != codecs.BOM_UTF8:
                    file.seek(0)
                yield from _json_rows(file) if self.format == "jsonl" else self._csv_rows(file)
        except (OSError, EOFError) as error:
            raise CatalogueError(f"{self.name} can't be read to its end: {error}") from error

    def _csv_rows(self, file: IO[bytes]) -> Iterator[Row | Reject]:
        lines = CsvLines(file)
        reader = csv_reader(lines, self.delimiter, self.escape)
        header: list[str] | None = None
        while True:
            lines.record.clear()
            try:
                values = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                yield lines.reject_broken(error)
                continue
            if not values:
                continue
            if header is None:
                header = [name.strip() for name in values]
                self.mapping.check_header(header)
            elif len(values) != len(header):
                yield lines.reject(f"{len(values)} columns; the header has {len(header)}")
            elif not lines.is_utf8:
                yield lines.reject("not UTF-8")
            else:
                columns = dict(zip(header, values, strict=True))
                yield Row(lines.first, columns, b"".join(lines.record))
        if header is None:
            raise CatalogueError(f"{self.name} is empty: it needs a header and rows")


def _json_rows(file: IO[bytes]) -> Iterator[Row | Reject]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            columns = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            reason = f"not JSON: {error.msg}, column {error.colno}"
            yield Reject.of_bytes(number, reason, line)
            continue
        if isinstance(columns, dict):
            yield Row(number, columns, line)
        else:
            yield Reject.of_bytes(number, "not a JSON object", line)


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
        is_stdin, path = str(self.path) == "-", Path(self.path)
        name = "standard input" if is_stdin else str(self.path)
        try:
            if not is_stdin and stat.S_ISREG(path.stat().st_mode):
                yield _examine(path, name, self.format, self.mapping)
                return
            if path.is_dir():
                raise CatalogueError(f"{name} is a folder: name a catalogue file")
            # A TemporaryFile has no name to open again: hence a file in a temporary folder.
            with tempfile.TemporaryDirectory(prefix="live-intent-") as folder:
                spool = Path(folder) / "catalogue"
                with (
                    spool.open("wb") as copy,
                    nullcontext(sys.stdin.buffer) if is_stdin else path.open("rb") as pipe,
                ):
                    shutil.copyfileobj(pipe, copy, _BUFFER)
                yield _examine(spool, name, self.format, self.mapping)
        except (FileNotFoundError, PermissionError) as error:
            if error.filename not in (str(self.path), self.path):
                raise
            raise CatalogueError(
                f"the catalogue {name} can't be opened: {error.strerror}"
            ) from error


def _examine(path: Path, name: str, file_format: str, mapping: ColumnMap) -> Catalogue:
    """The catalogue, with format, compression, delimiter and escape character recognised."""
    if file_format == "auto":
        file_format = mapping.format
    if file_format not in FORMATS:
        raise CatalogueError(f"format {file_format!r} is unknown. Allowed: {', '.join(FORMATS)}")
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    catalogue = Catalogue(path, name, mapping, file_format, compressed)
    try:
        with catalogue.open() as file:
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
        return replace(catalogue, format=file_format)
    delimiter = mapping.delimiter or find_delimiter(sample)
    escape = mapping.escape or find_escape(sample, delimiter) or None
    return replace(catalogue, format=file_format, delimiter=delimiter, escape=escape)
