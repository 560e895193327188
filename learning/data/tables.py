"""Rows of the files that describe behaviour and judgments: JSON lines or CSV, gzip or not."""

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plugin_config.errors import LiveIntentError

_SHOWN = 3  # examples of each kind of bad row


class DatasetError(LiveIntentError):
    """A file to learn from, or to evaluate on, can't be used; the message says why."""

    exit_code = 2


@dataclass
class Remarks:
    """What was wrong with rows that were left out: how many of each kind, and the first of them.

    Parts of rows can be left out too: `nouns` says of a kind what its counts are of, if not rows.
    """

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    nouns: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, example: str, noun: str = "row") -> None:
        """One more row (or what `noun` says) that was left out, because of `kind`."""
        self.counts[kind] += 1
        self.nouns[kind] = noun
        shown = self.examples.setdefault(kind, [])
        if len(shown) < _SHOWN:
            shown.append(example)

    def lines(self) -> list[str]:
        """One line a kind, the most frequent first."""
        return [self._line(kind, count) for kind, count in self.counts.most_common()]

    def _line(self, kind: str, count: int) -> str:
        noun = self.nouns[kind] + "s" * (count > 1)
        more = ", ..." * (count > _SHOWN)
        return f"{count} {noun} left out: {kind} ({'; '.join(self.examples[kind])}{more})"


def rows(path: Path, remarks: Remarks) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line numbers (from 1) and rows of a file; what is no row is remarked on.

    JSON lines when the first sign is `{`, else CSV with a header. Raises DatasetError when the
    file is missing, empty or can't be read to its end.
    """
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except (OSError, EOFError) as error:
        raise DatasetError(f"{path} can't be read: {error}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not UTF-8 ({error.reason}): convert it") from error
    start = text.lstrip()[:1]
    if not start:
        raise DatasetError(f"{path} is empty")
    if start == "[":
        raise DatasetError(f"{path} is one JSON array: jq -c '.[]' makes one object a line of it")
    yield from (_json_rows if start == "{" else _csv_rows)(text, remarks)


def _json_rows(text: str, remarks: Remarks) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(io.StringIO(text), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            remarks.add("not JSON", f"line {number}: {error}")
            continue
        if isinstance(row, dict):
            yield number, row
        else:
            remarks.add("not a JSON object", f"line {number}")


def _csv_rows(text: str, remarks: Remarks) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip() for name in next(reader)]
    for values in reader:
        if not values:
            continue
        if len(values) == len(header):
            yield reader.line_num, dict(zip(header, values, strict=True))
        else:
            remarks.add(
                "another number of columns than the header",
                f"line {reader.line_num}: {len(values)} instead of {len(header)}",
            )
