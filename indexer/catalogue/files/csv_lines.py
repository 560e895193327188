"""Lines of a CSV file for csv.reader, each with its number and bytes."""

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
