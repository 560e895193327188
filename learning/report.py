"""What an evaluation says: a table for people, and the same as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from learning.evaluate import Measured
from learning.intervals import Interval, paired_difference


@dataclass(frozen=True)
class Report:
    """One evaluation: its rows (the first is what the others are compared with) and remarks."""

    task: str
    facts: dict[str, Any]  # what was evaluated, in words and numbers
    rows: Sequence[Measured]
    remarks: Sequence[str] = field(default_factory=tuple)
    seed: int = 0

    @property
    def whole(self) -> bool:
        """Whether every answer was made with all its parts."""
        return not any(row.degraded for row in self.rows)

    def differences(self, row: Measured) -> dict[str, Interval]:
        """By measure, the paired difference of a row to the first one; empty for the first."""
        first = self.rows[0]
        if row is first:
            return {}
        return {
            name: paired_difference(values, first.values[name], seed=self.seed)
            for name, values in row.values.items()
            if name in first.values
        }


def as_json(report: Report) -> str:
    """The report as one JSON object."""
    rows = [
        {
            "label": row.label,
            "measures": {n: asdict(i) for n, i in row.intervals(report.seed).items()},
            "difference_to_first": {n: asdict(i) for n, i in report.differences(row).items()},
            "degraded": dict(row.degraded),
            "seconds": round(row.seconds, 2),
        }
        for row in report.rows
    ]
    told = {"task": report.task, **report.facts, "rows": rows, "remarks": list(report.remarks)}
    return json.dumps(told, ensure_ascii=False, indent=2)


def as_table(report: Report) -> str:
    """The report for a terminal."""
    measures = list(dict.fromkeys(name for row in report.rows for name in row.values))
    head = ["", *measures]
    body = []
    for row in report.rows:
        found = row.intervals(report.seed)
        body.append([row.label, *(_told(found[m]) if m in found else "" for m in measures)])
        differences = report.differences(row)
        if differences:
            cells = (_signed(differences[m]) if m in differences else "" for m in measures)
            body.append([f"  - {report.rows[0].label}", *cells])
    widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
    lines = [f"{name}: {value}" for name, value in report.facts.items()]
    lines += ["", _line(head, widths), "  ".join("-" * width for width in widths)]
    lines += [_line(line, widths) for line in body]
    lines += ["", "In brackets: 95 % bootstrap interval over queries."]
    for row in report.rows:
        for stage, count in row.degraded.items():
            lines.append(f"NOT WHOLE: {row.label}: {count} answers had to do without {stage}")
    return "\n".join([*lines, *report.remarks])


def _told(interval: Interval) -> str:
    return f"{interval.mean:.4f} [{interval.low:.4f}, {interval.high:.4f}]"


def _signed(interval: Interval) -> str:
    return f"{interval.mean:+.4f} [{interval.low:+.4f}, {interval.high:+.4f}]"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
