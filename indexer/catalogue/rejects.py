"""Rows that can't become items: kept with line and reason, and how many of them are too many."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from plugin_config.errors import LiveIntentError, SettingsError

MAX_RAW = 10_000  # signs of a bad row that are kept; one unclosed quote can swallow many lines


class TooManyRejects(LiveIntentError):
    """More rows are bad than allowed; nothing was written to the cluster."""

    exit_code = 6


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is left out. `line` counts from 1; a CSV's header is line 1."""

    line: int
    reason: str
    raw: str = ""


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

    def passed_early(self, rejects: int) -> bool:
        """Whether reading on is pointless."""
        return self.rows is not None and rejects > self.rows

    def passed(self, rejects: int, rows: int) -> bool:
        """Whether too many of `rows` rows are bad."""
        if self.percent is not None:
            return rejects * 100 > self.percent * rows
        return self.passed_early(rejects)

    def __str__(self) -> str:
        return f"{self.percent:g} %" if self.percent is not None else str(self.rows)


class RejectsFile:
    """Writes rejects as JSON lines {line, reason, raw}; the file appears with the first of them.

    An older file of that name is removed, so that it never speaks of another run. With `path`
    None nothing is written, only counted.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.count = 0
        self.first: list[Reject] = []
        self._file: IO[str] | None = None
        if path is not None:
            path.unlink(missing_ok=True)

    def add(self, reject: Reject) -> None:
        """Keep one."""
        self.count += 1
        if len(self.first) < 3:
            self.first.append(reject)
        if self.path is None:
            return
        if self._file is None:
            try:
                self._file = self.path.open("w", encoding="utf-8")
            except OSError as error:
                raise SettingsError(
                    f"the rejects file {self.path} can't be written ({error.strerror}): name "
                    "another with --rejects FILE"
                ) from error
        entry = {"line": reject.line, "reason": reject.reason, "raw": reject.raw[:MAX_RAW]}
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def check(self, limit: RejectLimit, rows: int) -> None:
        """Raises TooManyRejects when more than `limit` of `rows` rows were added."""
        if limit.passed(self.count, rows):
            raise self.too_many(limit, f"{self.count} of {rows} rows are bad")

    def too_many(self, limit: RejectLimit, found: str) -> TooManyRejects:
        """The error that stops a rebuild before it wrote anything."""
        examples = "".join(f"\n  line {r.line}: {r.reason}" for r in self.first)
        where = f"All are in {self.path}. " if self.path else ""
        return TooManyRejects(
            f"{found}, more than --max-rejects {limit} allows; nothing was written to the "
            f"cluster. The first:{examples}\n{where}Mend the rows or the column mapping (--map), "
            "or allow more."
        )

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
