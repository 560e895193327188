"""The rows of a CSV file."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from indexer.catalogue.files.csv_dialect import BYTE_ORDER_MARK, CsvDialect
from indexer.catalogue.files.csv_lines import CsvLines, csv_reader
from indexer.catalogue.files.encodings import Encoding
from indexer.catalogue.files.rows import CatalogueError, Row
from indexer.catalogue.rejects import Reject
from indexer.catalogue.values.text import is_blank


@dataclass(frozen=True)
class CsvFile:
    """`name` is what the user called it; `encoding` that of its bytes."""

    name: str
    dialect: CsvDialect
    encoding: Encoding

    def rows(
        self, file: IO[bytes], check_header: Callable[[Sequence[str]], None]
    ) -> Iterator[Row | Reject]:
        """Every row in order, a Reject for a bad one.

        A column that the header has several times is a list. Raises CatalogueError without a
        readable header, and what `check_header` raises.
        """
        lines = CsvLines(file)
        if self.dialect.names_delimiter:
            next(lines, None)
        dialect = self.dialect
        reader = csv_reader(lines, dialect.delimiter, dialect.escape, quoted=dialect.quoted)
        header: list[str] | None = None
        repeated: frozenset[str] = frozenset()
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
                header = [name.strip(f"{BYTE_ORDER_MARK} ") for name in values]
                repeated = frozenset(name for name, n in Counter(header).items() if n > 1)
                check_header(header)
            elif len(values) != len(header):
                yield lines.reject(f"{len(values)} columns; the header has {len(header)}")
            elif not lines.is_utf8:
                yield lines.reject(f"not {self.encoding.shown}")
            else:
                values[0] = values[0].lstrip(BYTE_ORDER_MARK)
                columns: dict[str, Any] = dict(zip(header, values, strict=True))
                for name in repeated:
                    columns[name] = _values(name, header, values)
                yield Row(lines.first, columns, b"".join(lines.record))
        if header is None:
            raise CatalogueError(f"{self.name} is empty: it needs a header and rows")

    def _not_utf8(self, header: bytes) -> CatalogueError:
        shown = header.decode("cp1252", "replace").strip()[:200]
        return CatalogueError(
            f"the header of {self.name} is not {self.encoding.shown}: name its encoding with "
            f"--encoding. As windows-1252 it reads: {shown}"
        )


def _values(name: str, header: Sequence[str], values: Sequence[str]) -> list[str]:
    """The values of a column that comes several times, without the blank ones."""
    named = zip(header, values, strict=True)
    return [value for column, value in named if column == name and not is_blank(value)]
