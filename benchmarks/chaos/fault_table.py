"""The table of docs/faults.md: what requests are answered while something fails, as observed.

Tests observe; each run compares what it saw with the table, times
aside, or writes it again: LIVE_INTENT_TEST_FAULTS=write.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[2] / "docs" / "faults.md"
HEADER = (
    "fault", "request", "answer", "`degraded`", "time to answer", "as before after", "made by",
)  # fmt: skip
_EMPTY = "-"


@dataclass(frozen=True)
class Row:
    """One kind of request during one fault."""

    fault: str
    request: str
    answer: str
    degraded: str = ""
    took: str = ""
    recovered: str = ""
    made_by: str = "CI"

    @property
    def key(self) -> tuple[str, str]:
        return self.fault, self.request

    @property
    def without_times(self) -> "Row":
        return replace(self, took="", recovered="")

    @property
    def cells(self) -> tuple[str, ...]:
        return (
            self.fault, self.request, self.answer, self.degraded, self.took, self.recovered,
            self.made_by,
        )  # fmt: skip


class FaultTable:
    """What one run observed."""

    def __init__(self, made_by: str = "CI") -> None:
        self.made_by = made_by
        self.rows: dict[tuple[str, str], Row] = {}

    def observe(self, fault: str, request: str, send: Callable[[], Any]) -> Any:
        """Send a request during a fault, and note its answer (`status`, `body`); return that."""
        started = time.monotonic()
        answer = send()
        self.note(fault, request, answer, time.monotonic() - started)
        return answer

    def note(self, fault: str, request: str, answer: Any, seconds: float) -> None:
        """Note the answer to a request during a fault."""
        row = Row(
            fault, request, str(answer.status), degraded(answer.body), duration(seconds),
            made_by=self.made_by,
        )  # fmt: skip
        self.rows[row.key] = row

    def recovered(self, fault: str, seconds: float) -> None:
        """Note how long after the fault's end all its requests were answered as before."""
        for key, row in self.rows.items():
            if row.fault == fault:
                self.rows[key] = replace(row, recovered=duration(seconds))

    def settle(self) -> list[str]:
        """Write the rows to the document, if that is wanted; else how they differ from it."""
        known = {row.key: row for row in read()}
        faults = {row.fault for row in self.rows.values()}
        if os.environ.get("LIVE_INTENT_TEST_FAULTS") == "write":
            kept = [row for row in known.values() if row.fault not in faults]
            write([*kept, *self.rows.values()])
            return []
        differences = [
            f"observed: {row.without_times}; in {DOCUMENT.name}: {known.get(key)}"
            for key, row in self.rows.items()
            if key not in known or known[key].without_times != row.without_times
        ]
        return differences + [
            f"in {DOCUMENT.name} and not observed: {row}"
            for key, row in known.items()
            if row.fault in faults and key not in self.rows
        ]


def degraded(body: object) -> str:
    """The stages that an answer says were left out."""
    if not isinstance(body, Mapping):
        return ""
    return ", ".join(sorted(f"`{part['stage']}`" for part in body.get("degraded") or ()))


def duration(seconds: float) -> str:
    """In ms below a second, rounded: times are those of one run."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def read() -> list[Row]:
    """The rows of the document."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    cells = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in lines
        if line.startswith("| ")
    ]
    rows = (["" if cell == _EMPTY else cell for cell in row] for row in cells)
    return [
        Row(*row) for row in rows if len(row) == len(HEADER) and row[0] not in (HEADER[0], "---")
    ]


def write(rows: list[Row]) -> None:
    """Put the rows into the document, in place of its table."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(f"| {HEADER[0]} |")
    after = rest.partition("\n\n")[2]
    lines = [_line(HEADER), "| " + " | ".join("---" for _ in HEADER) + " |"]
    lines += [_line(row.cells) for row in sorted(rows, key=lambda row: row.made_by)]
    DOCUMENT.write_text(before + "\n".join(lines) + f"\n\n{after}", encoding="utf-8")


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell or _EMPTY for cell in cells) + " |"
