"""Lines of a CSV file for csv.reader, and how its delimiter and escape character are recognised."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import IO

from indexer.catalogue.rejects import Reject

MAX_FIELD = 1 << 20  # characters; an unclosed quote would swallow the rest of the file


def csv_reader(
    lines: Iterable[str], delimiter: str, escape: str | None, *, quoted: bool = True
) -> Iterator[list[str]]:
    """The records of lines; raises csv.Error for a broken one and can be continued after it."""
    return csv.reader(
        lines,
        delimiter=delimiter,
        escapechar=escape,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        skipinitialspace=True,
        strict=True,
    )


class CsvLines:
    """Lines for csv.reader; `record` holds those of the current record."""

    def __init__(self, file: IO[bytes]) -> None:
        csv.field_size_limit(MAX_FIELD)
        self.record: list[bytes] = []
        self._file = file
        self._number = 0  # of the last line that was read, from 1
        self._pending: deque[bytes] = deque()

    def __iter__(self) -> "CsvLines":
        return self

    def __next__(self) -> str:
        line = self._pending.popleft() if self._pending else next(self._file)
        self._number += 1
        self.record.append(line)
        return line.decode("utf-8", "surrogateescape")

    @property
    def first(self) -> int:
        """The number of the record's first line."""
        return self._number - len(self.record) + 1

    @property
    def is_utf8(self) -> bool:
        """Whether every line of the record is UTF-8."""
        try:
            for line in self.record:
                line.decode()
        except UnicodeDecodeError:
            return False
        return True

    def reject(self, reason: str) -> Reject:
        """The record as a reject."""
        return Reject.of_bytes(self.first, reason, b"".join(self.record))

    def reject_broken(self, error: csv.Error) -> Reject:
        """The record's first line as a reject; its other lines are read again.

        The fault is on the first line: a quote too many or too few, which swallowed the others.
        """
        swallowed = self.record[1:]
        self._pending.extendleft(reversed(swallowed))
        self._number -= len(swallowed)
        del self.record[1:]
        text = str(error)
        unclosed = "unexpected end of data" in text or "field limit" in text
        return self.reject("a quote is opened and never closed" if unclosed else f"not CSV: {text}")


def find_delimiter(text: str) -> str:
    """The most frequent of `,` `;` tab `|` outside the quotes of the first line."""
    header = text.lstrip("\r\n ").partition("\n")[0]
    outside_quotes = "".join(header.split('"')[::2])
    return max(",;\t|", key=outside_quotes.count)


def find_quoting(text: str, delimiter: str) -> tuple[str | None, bool]:
    r"""The escape character, and whether values are quoted, by which most records are well formed.

    `\` where quotes are written \" (a dump of MySQL), else None: they are doubled. Values of a file
    with tabs may be unquoted, as in feeds: `"Cosy" blanket`.
    """
    if '"' not in text:
        return None, True
    lines = text.splitlines(keepends=True)
    lines = lines[:-1] if len(lines) > 2 and not text.endswith("\n") else lines
    doubled = _well_formed(lines, delimiter, None, quoted=True)
    if '\\"' in text and _well_formed(lines, delimiter, "\\", quoted=True) > doubled:
        return "\\", True
    if delimiter == "\t" and '""' not in text and '"' not in lines[0]:
        return None, _well_formed(lines, delimiter, None, quoted=False) <= doubled
    return None, True


def _well_formed(lines: list[str], delimiter: str, escape: str | None, *, quoted: bool) -> int:
    """The number of records with as many columns as the first one."""
    reader = csv_reader(lines, delimiter, escape, quoted=quoted)
    width, count = None, 0
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return count
        except csv.Error:
            continue
        width = width or len(record)
        count += len(record) == width
