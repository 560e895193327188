"""Rejects: rows that can't become items, the file that lists them, and a limit on their number."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self, TypeVar

from indexer.progress import Progress
from plugin_config.errors import LiveIntentError, SettingsError

Row = TypeVar("Row")
MAX_RAW = 10_000  # characters of a bad row in the file; an unclosed quote swallows many lines


class TooManyRejects(LiveIntentError):
    """More rows are bad than allowed; nothing was written to the cluster."""

    exit_code = 6


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is left out. `line` counts from 1; a CSV's header is line 1.

    `doubled`: the item_id that an earlier row has already; "" for any other reason.
    """

    line: int
    reason: str
    raw: str = ""
    doubled: str = ""

    @classmethod
    def of_bytes(cls, line: int, reason: str, raw: bytes) -> "Reject":
        """A reject whose text is as it stands in the file, without the last line break."""
        return cls(line, reason, raw.decode("utf-8", "replace").rstrip("\r\n"))


@dataclass(frozen=True)
class RejectLimit:
    """How many rejects are allowed: a number of rows, or a percentage of all rows."""

    rows: int | None = None
    percent: float | None = None

    @classmethod
    def parse(cls, text: str) -> "RejectLimit":
        """From `100` or `10%`. Raises SettingsError."""
        value = text.strip()
        try:
            if value.endswith("%"):
                percent = float(value[:-1])
                if 0 <= percent <= 100:
                    return cls(percent=percent)
            elif int(value) >= 0:
                return cls(rows=int(value))
        except ValueError:
            pass
        raise SettingsError(
            f"LIVE_INTENT_MAX_REJECTS or --max-rejects={text}: allowed is a number of rows (100) "
            "or a share of them (10%)"
        )

    def exceeded(self, rejects: int, rows: int | None = None) -> bool:
        """Whether there are too many rejects; without the number of all rows, no share is known."""
        if self.percent is not None:
            return rows is not None and rejects * 100 > self.percent * rows
        return self.rows is not None and rejects > self.rows

    def __str__(self) -> str:
        return f"{self.percent:g} %" if self.percent is not None else str(self.rows)


class RejectsFile:
    """Writes rejects as JSON lines {line, reason, raw}; the first one creates the file.

    An older file of that name is deleted, so that none is left of an earlier run. With `path` None
    rejects are only counted.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.count = 0
        self.first: list[Reject] = []
        self._file: IO[str] | None = None
        if path is not None:
            path.unlink(missing_ok=True)

    def add(self, reject: Reject) -> None:
        """Counts and writes one. Raises SettingsError when the file can't be written."""
        self.count += 1
        if len(self.first) < 3:
            self.first.append(reject)
        if self.path is None:
            return
        entry = {"line": reject.line, "reason": reject.reason, "raw": reject.raw[:MAX_RAW]}
        try:
            if self._file is None:
                self._file = self.path.open("w", encoding="utf-8")
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        except OSError as error:
            raise self._not_written(error) from error

    def accepted(
        self, rows: Iterable[Row | Reject], limit: RejectLimit, progress: Progress
    ) -> Iterator[Row]:
        """The rows that are none, in order; the others are added, and checked against `limit`.

        Raises SettingsError as `add` does, TooManyRejects as `check` does.
        """
        for row in rows:
            progress.advance()
            if isinstance(row, Reject):
                self.add(row)
                self.check(limit)
            else:
                yield row

    def check(self, limit: RejectLimit, rows: int | None = None) -> None:
        """Raises TooManyRejects beyond `limit`; without `rows` not every row is read yet."""
        if not limit.exceeded(self.count, rows):
            return
        share = f"at least {self.count}" if rows is None else f"{self.count} of {rows}"
        examples = "".join(f"\n  line {r.line}: {r.reason}" for r in self.first)
        where = f"All are in {self.path}. " if self.path else ""
        raise TooManyRejects(
            f"{share} rows are bad, more than --max-rejects {limit} allows; nothing was written to "
            f"the cluster. The first:{examples}\n{where}Fix the rows or the column mapping "
            "(--map), or allow more."
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError as error:
            raise self._not_written(error) from error

    def _not_written(self, error: OSError) -> SettingsError:
        return SettingsError(
            f"the rejects file {self.path} can't be written ({error.strerror}): name another with "
            "--rejects FILE"
        )
