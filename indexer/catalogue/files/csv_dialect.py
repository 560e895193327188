"""The dialect of a CSV file: its delimiter, quotes and escape character, as recognised."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.catalogue.files.csv_lines import csv_reader

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
BYTE_ORDER_MARK = "\ufeff"  # also amid a text whose files were concatenated
_COMPARED = 100  # lines by which delimiters are compared


@dataclass(frozen=True)
class CsvDialect:
    """`quoted` False: quotes are part of the values. `names_delimiter`: line 1 is `sep=;`."""

    delimiter: str = ","
    escape: str | None = None
    quoted: bool = True
    names_delimiter: bool = False

    @classmethod
    def of(cls, text: str, delimiter: str | None = None, escape: str | None = None) -> "CsvDialect":
        """Recognised in a text; `delimiter` and `escape` are what the user says."""
        said = re.match(r"sep=([^\r\n])\r?\n", text, re.IGNORECASE)
        if said is not None:
            text = text[said.end() :]
        delimiter = delimiter or (said[1] if said else find_delimiter(text))
        found, quoted = find_quoting(text, delimiter)
        return cls(delimiter, escape or found, quoted or escape is not None, said is not None)

    @property
    def shown(self) -> str:
        """In words: separated by semicolons."""
        name = DELIMITERS.get(self.delimiter)
        return f"separated by {name + 's' if name else repr(self.delimiter)}"

    def header(self, text: str) -> list[str]:
        """The names of the columns in the beginning of a text; [] without a readable one."""
        lines = text.splitlines(keepends=True)[1 if self.names_delimiter else 0 :][:50]
        reader = csv_reader(lines, self.delimiter, self.escape, quoted=self.quoted)
        try:
            first: list[str] = next((record for record in reader if record), [])
        except csv.Error:
            return []
        return [name.strip(f"{BYTE_ORDER_MARK} ") for name in first]


def find_delimiter(text: str) -> str:
    """Of `,` `;` tab `|` the one by which most lines have as many columns as the header.

    Equal ones: the most frequent outside the quotes of the header.
    """
    lines = text.lstrip("\r\n ").splitlines(keepends=True)[:_COMPARED]
    header = lines[0] if lines else ""
    outside_quotes = "".join(header.split('"')[::2])
    counts = {sign: outside_quotes.count(sign) for sign in DELIMITERS}
    used = [sign for sign, count in counts.items() if count]
    if len(used) < 2:
        return used[0] if used else ","

    def fitness(sign: str) -> tuple[int, int]:
        return _well_formed(lines, sign, None, quoted='"' in text), counts[sign]

    return max(used, key=fitness)


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


def _well_formed(lines: Sequence[str], delimiter: str, escape: str | None, *, quoted: bool) -> int:
    """The number of records with as many columns as the first one."""
    reader = csv_reader(lines, delimiter, escape, quoted=quoted)
    width, count = None, 0
    for record in _records(reader):
        width = width or len(record)
        count += len(record) == width
    return count


def _records(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """The records that can be read."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue
