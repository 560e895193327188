"""What a catalogue file is: its kind of file, encoding, dialect, and the shop system it is from."""

import gzip
import io
import zlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Literal, NamedTuple

from indexer.catalogue.files.csv_dialect import CsvDialect
from indexer.catalogue.files.encodings import Encoding, Utf8Bytes
from indexer.catalogue.files.file_kinds import (
    foreign_json,
    foreign_kind,
    foreign_markup,
    foreign_text,
)
from indexer.catalogue.files.json_lines import first_object
from indexer.catalogue.files.parquet_rows import parquet_columns
from indexer.catalogue.files.rows import CatalogueError
from indexer.catalogue.formats.google import GOOGLE
from indexer.catalogue.formats.names import FILE_FORMATS, FORMAT_NAMES
from indexer.catalogue.formats.shop_format import ShopFormat
from indexer.catalogue.formats.shop_formats import SHOPS, advice, recognised_shop
from indexer.catalogue.reading.column_map import ColumnMap

Container = Literal["jsonl", "csv", "parquet", "xml"]
_SAMPLE = 4 << 20  # bytes from which everything is recognised
_BUFFER = 1 << 20  # bytes
_SHOWN = {"jsonl": "JSON lines", "csv": "CSV", "parquet": "Parquet", "xml": "XML"}


@dataclass(frozen=True)
class Recognised:
    """`shop`: the shop system whose export it is; None: its columns are fields, or mapped."""

    container: Container = "jsonl"
    shop: ShopFormat | None = None
    compressed: bool = False
    encoding: Encoding = field(default_factory=Encoding)
    dialect: CsvDialect = field(default_factory=CsvDialect)
    columns: tuple[str, ...] = ()  # of the header, or of the first object; of XML none

    @property
    def format(self) -> str:
        """The name of the format, as `--format` has it."""
        return self.shop.name if self.shop else self.container

    @property
    def shown(self) -> str:
        """In words: a product export of Shopify, as CSV in UTF-8 separated by commas, gzip."""
        parts = [_SHOWN[self.container]]
        if self.container != "parquet":
            parts.append(f"in {self.encoding.shown}")
        if self.container == "csv":
            parts.append(self.dialect.shown)
        text = " ".join(parts) + (", gzip" if self.compressed else "")
        return f"{self.shop.title} as {text}" if self.shop else text

    def open(self, path: Path) -> IO[bytes]:
        """The bytes of a file like this one, unpacked and in UTF-8."""
        file: IO[bytes]
        if self.compressed:
            file = io.BufferedReader(gzip.open(path, "rb"), _BUFFER)  # noqa: SIM115
        else:
            file = path.open("rb", buffering=_BUFFER)
        return file if self.encoding.is_utf8 else io.BufferedReader(Utf8Bytes(file, self.encoding))


class _Named(NamedTuple):
    name: str
    partial: bool


def recognise(path: Path, name: str, wanted: str, mapping: ColumnMap) -> Recognised:
    """What a file is; `wanted` is the format that the user says, `auto` for none.

    Raises CatalogueError: an unknown format, or one that the file is not; what is no catalogue.
    """
    wanted = mapping.format if wanted == "auto" else wanted
    if wanted not in FORMAT_NAMES:
        raise CatalogueError(f"format {wanted!r} is unknown. Allowed: {', '.join(FORMAT_NAMES)}")
    compressed = _is_gzip(path)
    try:
        with Recognised(compressed=compressed).open(path) as file:
            sample = file.read(_SAMPLE)
    except (OSError, EOFError, zlib.error) as error:
        raise CatalogueError(f"{name} is not whole: {error}. Fetch or pack it again") from error
    if sample.startswith(b"PAR1") and not compressed:
        header: Collection[str] = parquet_columns(path, name)
        found = Recognised("parquet")
    else:
        found, header = _of_text(sample, name, wanted, mapping)
        found = replace(found, compressed=compressed)
    shop = _shop(found, header, _Named(name, mapping.partial), wanted)
    return replace(found, shop=shop, columns=tuple(header))


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _of_text(
    sample: bytes, name: str, wanted: str, mapping: ColumnMap
) -> tuple[Recognised, Collection[str]]:
    """What a text is, and its columns."""
    if (kind := foreign_kind(sample)) is not None:
        raise CatalogueError(f"{name} is {kind}")
    try:
        encoding = Encoding.of(sample, mapping.encoding or "")
    except LookupError as error:
        said = repr(mapping.encoding) if mapping.encoding else str(error)
        raise CatalogueError(
            f"encoding {said} is unknown: name one with --encoding, such as utf-8 or windows-1252"
        ) from None
    text = encoding.decode(sample)
    if (kind := foreign_text(text)) is not None:
        raise CatalogueError(f"{name} is {kind}")
    if encoding.cr_ends_lines:
        text = text.replace("\r", "\n")
    start = text.lstrip("\ufeff \t\r\n")
    if not start:
        raise CatalogueError(f"{name} is empty: there are no items to index")
    if start[0] == "<" and (markup := foreign_markup(start)) is not None:
        if markup:
            raise CatalogueError(f"{name} is {markup}")
        return Recognised("xml", encoding=encoding), ()
    first = first_object(text) if start[0] == "{" or wanted == "jsonl" else None
    if start[0] in "[{" and (wanted != "csv" or first):
        columns = frozenset(column for each in mapping.columns.values() for column in each)
        if (kind := foreign_json(start, columns)) is not None:
            raise CatalogueError(f"{name} is {kind}")
    if first is not None or (start[0] == "{" and wanted != "csv"):
        return Recognised("jsonl", encoding=encoding), first or ()
    dialect = CsvDialect.of(text, mapping.delimiter, mapping.escape)
    return Recognised("csv", encoding=encoding, dialect=dialect), dialect.header(text)


def _shop(
    found: Recognised, header: Collection[str], file: _Named, wanted: str
) -> ShopFormat | None:
    """The shop system whose export a file is. Raises CatalogueError: it is not what is wanted."""
    if wanted in FILE_FORMATS and wanted != found.container:
        raise CatalogueError(
            f"{file.name} is {found.shown}, not {wanted}: leave --format out, or name what it is"
        )
    shop = SHOPS.get(wanted)
    if found.container == "xml":
        if shop is not None and shop is not GOOGLE:
            raise CatalogueError(
                f"{file.name} is an XML feed, not {shop.title}: leave --format out, or name google"
            )
        return GOOGLE
    if shop is None:
        by_header = wanted == "auto" and found.container != "jsonl"
        return recognised_shop(header) if by_header else None
    missing = shop.missing(header)
    if file.partial:
        missing = tuple(names for names in missing if names == shop.signs[0])
    if missing:
        lacks = " and ".join(" or ".join(names) for names in missing)
        hint = advice(header)
        raise CatalogueError(
            f"{file.name} is not {shop.title}: it has no column {lacks}. Its columns: "
            f"{', '.join(list(header)[:40])}" + (f". {hint}" if hint else "")
        )
    return shop
