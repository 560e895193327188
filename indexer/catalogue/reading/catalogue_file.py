"""A catalogue file that is read row by row, as often as needed, and where it comes from."""

import os
import re
import shutil
import stat
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from indexer.catalogue.files.csv_file import CsvFile
from indexer.catalogue.files.json_lines import json_rows
from indexer.catalogue.files.parquet_rows import parquet_columns, parquet_rows
from indexer.catalogue.files.rows import CatalogueError, LeftOut, Row
from indexer.catalogue.files.xml_items import xml_rows
from indexer.catalogue.formats.shop_format import ShopRow
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.reading.decimal_comma import DecimalComma
from indexer.catalogue.reading.opened_file import OpenedFile
from indexer.catalogue.reading.recognition import Recognised, recognise
from indexer.catalogue.rejects import Reject
from plugin_config.temporary_folder import temporary_folder

_BUFFER = 1 << 20  # bytes
_PEEKED = 1000  # rows by which it is decided whether commas are decimal signs


@dataclass(frozen=True)
class Catalogue:
    """A regular file that can be read again. `name` is what the user called it.

    `assumed`: what was taken for granted about its values, in words; "" for nothing. `is_changed`:
    whether somebody has written to the file since it was opened.
    """

    path: Path
    name: str
    mapping: ColumnMap
    recognised: Recognised = field(default_factory=Recognised)
    assumed: str = ""
    is_changed: Callable[[], bool] = lambda: False

    def rows(self) -> Iterator[Row | Reject | LeftOut]:
        """Every row in order, a Reject for a bad one; blank lines are skipped.

        A row of a shop's export has the fields of its item beside the columns that are none.
        Raises CatalogueError when the file breaks off (damaged gzip), MappingError when a
        header lacks a column that the mapping names.
        """
        shop, mapping = self.recognised.shop, self.mapping
        if shop is None:
            yield from self._file_rows()
            return
        named = frozenset(column for columns in mapping.columns.values() for column in columns)
        for each in shop.read(self._file_rows, mapping.rules):
            yield shop.merged(each, mapping.columns, named) if isinstance(each, ShopRow) else each

    def _file_rows(self) -> Iterator[Row | Reject]:
        """The rows as the file has them."""
        container, recognised = self.recognised.container, self.recognised
        if container == "parquet":
            self._check_header(parquet_columns(self.path, self.name))
            yield from parquet_rows(self.path, self.name)
            return
        try:
            with recognised.open(self.path) as file:
                if container == "jsonl":
                    yield from json_rows(file)
                elif container == "xml":
                    yield from xml_rows(file, self.name)
                else:
                    csv_file = CsvFile(self.name, recognised.dialect, recognised.encoding)
                    yield from csv_file.rows(file, self._check_header)
        except (OSError, EOFError, zlib.error) as error:
            raise CatalogueError(f"{self.name} can't be read to its end: {error}") from error

    def _check_header(self, header: Sequence[str]) -> None:
        shop = self.recognised.shop
        if shop is not None:  # several columns of one name are a list there
            fields = (name for name in shop.fields(header) if name not in header)
            header = [*dict.fromkeys(header), *fields]
        self.mapping.check_header(header)

    def check_rows(self, present: set[str], *, whole: bool) -> None:
        """Raises MappingError when no row of a file without a header has a needed column; of a
        `whole` catalogue, any mapped one.
        """
        if self.recognised.container in ("jsonl", "xml") and present:
            self.mapping.check_rows(present, whole=whole)


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

        A file that takes its name while it is read, such as the next export, is not read. Raises
        CatalogueError: it is missing, a folder, empty or of an unknown format.
        """
        is_stdin, path = str(self.path) == "-", Path(self.path)
        name = "standard input" if is_stdin else str(self.path)
        if is_stdin:
            opened: IO[bytes] = sys.stdin.buffer
        else:
            opened = _opened(path, name)
            if stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                with opened:
                    file = OpenedFile(opened, path)
                    catalogue = self._examined(file.path, name)
                    yield replace(catalogue, is_changed=lambda: file.is_changed)
                return
        # A TemporaryFile has no name to open again: hence a file in a temporary folder.
        with temporary_folder("catalogue") as folder:
            spool = folder / "catalogue"
            with spool.open("wb") as copy, nullcontext(opened) if is_stdin else opened as pipe:
                shutil.copyfileobj(pipe, copy, _BUFFER)
            yield self._examined(spool, name)

    def _examined(self, path: Path, name: str) -> Catalogue:
        """The catalogue with what was recognised, and a decimal comma where its prices show it."""
        recognised = recognise(path, name, self.format, self.mapping)
        catalogue = Catalogue(path, name, self.mapping, recognised)
        if self.mapping.rules.decimal_sign:
            return catalogue
        comma = DecimalComma.of(self.mapping, catalogue.rows(), _PEEKED)
        if not comma.is_certain:
            return catalogue
        rules = replace(self.mapping.rules, decimal_sign=",")
        return replace(catalogue, mapping=replace(self.mapping, rules=rules), assumed=comma.shown)


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
