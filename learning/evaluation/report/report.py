"""What an evaluation says: a table for people, and the same as JSON."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from learning.evaluation.charts import Figure
from learning.evaluation.measures.intervals import Interval, paired_difference
from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.report.baseline import Baseline, by_query

_WIDE = 5  # more measures than that stand below each other, unless the rows are more still


@dataclass(frozen=True)
class Report:
    """One evaluation: its rows (the first is what the others are compared with) and remarks.

    `totals` are figures of the whole that are no means over queries; `figures` are for the page
    that --report makes; `baseline` is an earlier run.
    """

    task: str
    facts: dict[str, Any]  # what was evaluated, in words and numbers
    rows: Sequence[MeasuredRanking]
    remarks: Sequence[str] = field(default_factory=tuple)
    seed: int = 0
    totals: Mapping[str, Interval] = field(default_factory=dict)
    figures: Sequence[Figure] = ()
    baseline: Baseline | None = None

    @property
    def whole(self) -> bool:
        """Whether every answer was made with all its parts."""
        return not any(row.degraded for row in self.rows)

    @property
    def measures(self) -> list[str]:
        """The measures of all rows, in their order."""
        return list(dict.fromkeys(name for row in self.rows for name in row.values))

    def intervals(self, row: MeasuredRanking) -> dict[str, Interval]:
        """By measure, a row's mean with its interval."""
        return self._intervals[self._place(row)]

    def differences(self, row: MeasuredRanking) -> dict[str, Interval]:
        """By measure, the paired difference of a row to the first one; empty for the first."""
        return self._differences[self._place(row)]

    def differences_to_baseline(self, row: MeasuredRanking) -> dict[str, Interval]:
        """By measure, the paired difference of a row to the baseline's; empty without one."""
        return self._to_baseline[self._place(row)]

    # Table, JSON and page ask for the same: of 100,000 queries each interval takes seconds.
    @cached_property
    def _intervals(self) -> list[dict[str, Interval]]:
        return [row.intervals(self.seed) for row in self.rows]

    @cached_property
    def _differences(self) -> list[dict[str, Interval]]:
        return [{}, *(self._to_first(row) for row in self.rows[1:])]

    @cached_property
    def _to_baseline(self) -> list[dict[str, Interval]]:
        before = self.baseline
        return [before.differences(row, self.seed) if before else {} for row in self.rows]

    def _place(self, row: MeasuredRanking) -> int:
        return next(place for place, each in enumerate(self.rows) if each is row)

    def _to_first(self, row: MeasuredRanking) -> dict[str, Interval]:
        first = self.rows[0]
        return {
            name: paired_difference(
                values,
                first.values[name],
                weights=row.weights.get(name),
                baseline_weights=first.weights.get(name),
                groups=row.groups,
                seed=self.seed,
            )
            for name, values in row.values.items()
            if name in first.values
        }


def as_data(report: Report, *, values: bool = False) -> dict[str, Any]:
    """The report as plain data; with `values`, each query's too, by measure and query."""
    rows = []
    for row in report.rows:
        line: dict[str, Any] = {
            "label": row.label,
            "measures": _plain(report.intervals(row)),
            "difference_to_first": _plain(report.differences(row)),
            "degraded": dict(row.degraded),
            "seconds": round(row.seconds, 2),
        }
        if report.baseline:
            line["baseline"] = report.baseline.row_for(row.label).label
            line["difference_to_baseline"] = _plain(report.differences_to_baseline(row))
        if row.note:
            line["note"] = row.note
        rows.append(line | (by_query(row) if values else {}))
    data = {"task": report.task, **report.facts, "rows": rows, "remarks": list(report.remarks)}
    if report.totals:
        data["totals"] = _plain(report.totals)
    if report.baseline:
        data["baseline"] = report.baseline.name
    return data


def as_json(report: Report) -> str:
    """The report as one JSON object."""
    return json.dumps(as_data(report), ensure_ascii=False, indent=2)


def as_table(report: Report) -> str:
    """The report for a terminal."""
    table = table_of(report)
    if len(report.measures) > _WIDE and len(table) <= len(report.measures) + 1:
        table = [list(column) for column in zip(*table, strict=True)]
    head, *body = table
    widths = [max(len(line[i]) for line in table) for i in range(len(head))]
    lines = [f"{name}: {value}" for name, value in report.facts.items()]
    if report.baseline:
        lines.append(f"baseline: {report.baseline.name}")
    lines += ["", _line(head, widths), "  ".join("-" * width for width in widths)]
    lines += [_line(line, widths) for line in body]
    if report.totals:
        width = max(map(len, report.totals))
        lines += ["", *(f"{n.ljust(width)}  {told(i)}" for n, i in report.totals.items())]
    lines += ["", "In brackets: 95 % bootstrap interval over queries."]
    for row in report.rows:
        for stage, count in row.degraded.items():
            lines.append(f"NOT WHOLE: {row.label}: {count} answers had to do without {stage}")
    return "\n".join([*lines, *report.remarks])


def table_of(report: Report) -> list[list[str]]:
    """Header and lines: a line a row, below it its differences to the first row and a baseline."""
    measures = report.measures
    table = [["", *measures]]
    for row in report.rows:
        found = report.intervals(row)
        label = f"{row.label} ({row.note})" if row.note else row.label
        table.append([label, *(told(found[m]) if m in found else "" for m in measures)])
        compared = {f"  - {report.rows[0].label}": report.differences(row)}
        if report.baseline:
            before = report.baseline.row_for(row.label).label
            compared[f"  - baseline {before}"] = report.differences_to_baseline(row)
        for label, differences in compared.items():
            if differences:
                cells = (signed(differences[m]) if m in differences else "" for m in measures)
                table.append([label, *cells])
    return table


def told(interval: Interval) -> str:
    """`0.4210 [0.4012, 0.4410]`, and how many queries, where some have no value."""
    if not interval.count:
        return "no value"
    counted = f" of {interval.count}" if interval.left_out else ""
    return f"{interval.mean:.4f} [{interval.low:.4f}, {interval.high:.4f}]{counted}"


def signed(interval: Interval) -> str:
    """As `told`, with a sign: of a difference."""
    if not interval.count:
        return "no value"
    return f"{interval.mean:+.4f} [{interval.low:+.4f}, {interval.high:+.4f}]"


def _plain(intervals: Mapping[str, Interval]) -> dict[str, dict[str, float | int | None]]:
    """Without NaN, which JSON has no word for."""
    return {
        name: {k: None if math.isnan(v) else v for k, v in asdict(interval).items()}
        for name, interval in intervals.items()
    }


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
