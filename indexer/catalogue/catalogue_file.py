"""A catalogue file: JSON lines or CSV, plain or gzip, read row by row, as often as needed."""

import csv
import gzip
import io
import os
import re
import shutil
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import orjson

from indexer.catalogue.column_map import ColumnMap
from indexer.catalogue.csv_lines import CsvLines, csv_reader, find_delimiter, find_quoting
from indexer.catalogue.encodings import Encoding, Utf8Bytes
from indexer.catalogue.file_kinds import foreign_json, foreign_kind
from indexer.catalogue.json_value import json_value
from indexer.catalogue.rejects import Reject
from plugin_config.errors import LiveIntentError

FORMATS = ("auto", "jsonl", "csv")
_SAMPLE = 4 << 20  # bytes from which format, delimiter and escape character are recognised
_BUFFER = 1 << 20  # bytes
_MARK = "\ufeff"  # of the byte order: also where files were put together


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
    encoding: Encoding = field(default_factory=Encoding)
    quoted: bool = True  # False: quotes are part of the values
    names_delimiter: bool = False  # the first line is `sep=;`

    def open(self) -> IO[bytes]:
        """The file's bytes, unpacked and in UTF-8."""
        file: IO[bytes]
        if self.compressed:
            file = io.BufferedReader(gzip.open(self.path, "rb"), _BUFFER)  # noqa: SIM115
        else:
            file = self.path.open("rb", buffering=_BUFFER)
        return file if self.encoding.is_utf8 else io.BufferedReader(Utf8Bytes(file, self.encoding))

    def rows(self) -> Iterator[Row | Reject]:
        """Every row in order, a Reject for a bad one; blank lines are skipped.

        Raises CatalogueError when the file breaks off (damaged gzip), MappingError when a CSV's
        header lacks a column that the mapping names.
        """
        try:
            with self.open() as file:
                yield from _json_rows(file) if self.format == "jsonl" else self._csv_rows(file)
        except (OSError, EOFError, zlib.error) as error:
            raise CatalogueError(f"{self.name} can't be read to its end: {error}") from error

    def _csv_rows(self, file: IO[bytes]) -> Iterator[Row | Reject]:
        lines = CsvLines(file)
        if self.names_delimiter:
            next(lines)
        reader = csv_reader(lines, self.delimiter, self.escape, quoted=self.quoted)
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
                if not lines.is_utf8:
                    raise self._not_utf8(b"".join(lines.record))
                header = [name.strip(f"{_MARK} ") for name in values]
                self.mapping.check_header(header)
            elif len(values) != len(header):
                yield lines.reject(f"{len(values)} columns; the header has {len(header)}")
            elif not lines.is_utf8:
                yield lines.reject(f"not {self.encoding.shown}")
            else:
                values[0] = values[0].lstrip(_MARK)
                columns = dict(zip(header, values, strict=True))
                yield Row(lines.first, columns, b"".join(lines.record))
        if header is None:
            raise CatalogueError(f"{self.name} is empty: it needs a header and rows")

    def _not_utf8(self, header: bytes) -> CatalogueError:
        shown = header.decode("cp1252", "replace").strip()[:200]
        return CatalogueError(
            f"the header of {self.name} is not {self.encoding.shown}: name its encoding with "
            f"--encoding. As windows-1252 it reads: {shown}"
        )


def _json_rows(file: IO[bytes]) -> Iterator[Row | Reject]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            columns = json_value(line)
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
        if is_stdin:
            opened: IO[bytes] = sys.stdin.buffer
        else:
            opened = _opened(path, name)
            if stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                opened.close()
                yield _examine(path, name, self.format, self.mapping)
                return
        # A TemporaryFile has no name to open again: hence a file in a temporary folder.
        with tempfile.TemporaryDirectory(prefix="live-intent-") as folder:
            spool = Path(folder) / "catalogue"
            with spool.open("wb") as copy, nullcontext(opened) if is_stdin else opened as pipe:
                shutil.copyfileobj(pipe, copy, _BUFFER)
            yield _examine(spool, name, self.format, self.mapping)


def _opened(path: Path, name: str) -> IO[bytes]:
    """The file or pipe, open. Raises CatalogueError when it can't be opened."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", name):
        raise CatalogueError(
            f"the catalogue {name} is an address: fetch the file first, or give it by standard "
            "input (curl ADDRESS | live-intent index rebuild -)"
        )
    try:
        return path.open("rb")
    except IsADirectoryError:
        raise CatalogueError(f"{name or '.'} is a folder: name a catalogue file") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise CatalogueError(f"the catalogue {name} can't be opened: {reason}") from error


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
    except (OSError, EOFError, zlib.error) as error:
        raise CatalogueError(f"{name} is not whole: {error}. Fetch or pack it again") from error
    if (kind := foreign_kind(sample)) is not None:
        raise CatalogueError(f"{name} is {kind}")
    try:
        encoding = Encoding.of(sample, mapping.encoding or "")
    except LookupError:
        raise CatalogueError(
            f"encoding {mapping.encoding!r} is unknown: name one such as utf-8 or windows-1252"
        ) from None
    text = encoding.decode(sample)
    if encoding.cr_ends_lines:
        text = text.replace("\r", "\n")
    catalogue = replace(catalogue, encoding=encoding)
    start = text.lstrip()[:1]
    if not start:
        raise CatalogueError(f"{name} is empty: there are no items to index")
    if start in "[{" and file_format != "csv":
        columns = frozenset(column for each in mapping.columns.values() for column in each)
        if (kind := foreign_json(text, columns)) is not None:
            raise CatalogueError(f"{name} is {kind}")
    if file_format == "auto":
        file_format = "jsonl" if start == "{" else "csv"
    catalogue = replace(catalogue, format=file_format)
    return catalogue if file_format == "jsonl" else _with_dialect(catalogue, text)


def _with_dialect(catalogue: Catalogue, text: str) -> Catalogue:
    """The CSV catalogue with its delimiter, quotes and escape character recognised."""
    mapping = catalogue.mapping
    said = re.match(r"sep=([^\r\n])\r?\n", text, re.IGNORECASE)
    if said is not None:
        text = text[said.end() :]
    delimiter = mapping.delimiter or (said[1] if said else find_delimiter(text))
    escape, quoted = find_quoting(text, delimiter)
    return replace(
        catalogue,
        delimiter=delimiter,
        escape=mapping.escape or escape,
        quoted=quoted or mapping.escape is not None,
        names_delimiter=said is not None,
    )
