"""Rows of the files that describe behaviour and judgments: JSON lines or CSV, gzip or not."""

import csv
import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plugin_config.errors import LiveIntentError

_MAX_EXAMPLES = 3  # of each reason
_MAX_FIELD = 2**31 - 1  # csv's own limit is 131,072 characters
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # in JSON: half of a character, or two that are one


class DatasetError(LiveIntentError):
    """A file to learn from, or to evaluate on, can't be used; the message says why."""

    exit_code = 2


@dataclass
class Remarks:
    """Why rows were left out: by reason, how many, and the first examples.

    Parts of rows can be left out too: `nouns` names what a reason counts, if not rows.
    """

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    nouns: dict[str, str] = field(default_factory=dict)

    def add(self, reason: str, example: str, noun: str = "row", count: int = 1) -> None:
        """Counts rows (or what `noun` says) that were left out, with one example."""
        self.counts[reason] += count
        self.nouns[reason] = noun
        examples = self.examples.setdefault(reason, [])
        if len(examples) < _MAX_EXAMPLES:
            examples.append(example)

    def lines(self) -> list[str]:
        """One line a reason, the most frequent first."""
        return [self._line(reason, count) for reason, count in self.counts.most_common()]

    def nothing_usable(self, path: Path, noun: str) -> DatasetError:
        """The error to raise for a file of which every row was left out."""
        reasons = "; ".join(self.lines()) or "it has a header only"
        return DatasetError(f"{path} holds no {noun} that can be used: {reasons}")

    def _line(self, reason: str, count: int) -> str:
        noun = self.nouns[reason] + "s" * (count > 1)
        more = ", ..." * (count > _MAX_EXAMPLES)
        return f"{count} {noun} left out: {reason} ({'; '.join(self.examples[reason])}{more})"


def rows(path: Path, remarks: Remarks) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields line numbers (from 1) and rows of a file; counts what is no row in `remarks`.

    JSON lines when the first character is `{`, else CSV with a header. Raises DatasetError when
    the file is missing, empty or can't be read to its end.
    """
    yield from rows_in(read_text(path), path, remarks)


def read_text(path: Path) -> str:
    """The text of a file, gzip or not. Raises DatasetError, also for an empty one."""
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except (OSError, EOFError) as error:
        raise DatasetError(f"{path} can't be read: {error}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not UTF-8 ({error.reason}): convert it") from error
    if not text.strip():
        raise DatasetError(f"{path} is empty")
    return text


def rows_in(text: str, path: Path, remarks: Remarks) -> Iterator[tuple[int, dict[str, Any]]]:
    """As `rows`, of the text of the file."""
    start = text.lstrip()[:1]
    if start == "[":
        raise DatasetError(f"{path} is one JSON array: jq -c '.[]' makes one object a line of it")
    yield from (_json_rows if start == "{" else _csv_rows)(text, remarks)


def _json_rows(text: str, remarks: Remarks) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(io.StringIO(text), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if _SURROGATE.search(line):
                json.dumps(row, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            half = ascii(error.object[error.start])
            remarks.add("half a character, which no text has", f"line {number}: {half}")
            continue
        except ValueError as error:
            remarks.add("not JSON", f"line {number}: {error}")
            continue
        if isinstance(row, dict):
            yield number, row
        else:
            remarks.add("not a JSON object", f"line {number}")


def _csv_rows(text: str, remarks: Remarks) -> Iterator[tuple[int, dict[str, Any]]]:
    csv.field_size_limit(_MAX_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip() for name in next(reader)]
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            remarks.add("not CSV", f"line {reader.line_num}: {error}")
            continue
        if not values:
            continue
        if len(values) == len(header):
            yield reader.line_num, dict(zip(header, values, strict=True))
        else:
            remarks.add(
                "another number of columns than the header",
                f"line {reader.line_num}: {len(values)} instead of {len(header)}",
            )
