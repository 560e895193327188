"""The report of an evaluation: a table for people, and the same as JSON."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from learning.evaluation.charts import Figure
from learning.evaluation.measures.intervals import Interval
from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.report.baseline import Baseline, by_query, differences_to

_WIDE = 5  # more metrics than that are rows of the table, unless the rankings are more still


@dataclass(frozen=True)
class ReportRow:
    """A ranking and its figures by metric.

    `differences` are paired, to the report's first row (empty for that row); `to_peer` the same to
    the ranking's peer, `to_baseline` to the baseline's row (empty without one).
    """

    ranking: MeasuredRanking
    intervals: Mapping[str, Interval]
    differences: Mapping[str, Interval]
    to_peer: Mapping[str, Interval]
    to_baseline: Mapping[str, Interval]
    parts: Mapping[str, "ReportRow"] = field(default_factory=dict)  # by kind of query


@dataclass(frozen=True)
class Report:
    """One evaluation: its rankings (the others are compared with the first) and remarks.

    `totals` are figures of the whole that are no means over queries; `figures` are for the page
    that --report makes; `baseline` is an earlier run.
    """

    task: str
    facts: dict[str, Any]  # what was evaluated, in words and numbers
    rankings: Sequence[MeasuredRanking]
    remarks: Sequence[str] = field(default_factory=tuple)
    seed: int = 0
    totals: Mapping[str, Interval] = field(default_factory=dict)
    figures: Sequence[Figure] = ()
    baseline: Baseline | None = None

    @property
    def degraded(self) -> list[str]:
        """A line for each stage that answers of a ranking had to do without."""
        return [
            f"NOT WHOLE: {ranking.label}: {count} answers had to do without {stage}"
            for ranking in self.rankings
            for stage, count in ranking.degraded.items()
        ]

    @property
    def measures(self) -> list[str]:
        """The metrics of all rankings, in their order."""
        return list(dict.fromkeys(name for ranking in self.rankings for name in ranking.values))

    @cached_property
    def rows(self) -> list[ReportRow]:
        """The rankings with their figures.

        Computed once for table, JSON and page: of 100,000 queries each interval takes seconds.
        """
        first, baseline = self.rankings[0], self.baseline
        by_label = {ranking.label: ranking for ranking in self.rankings}
        rows = []
        for ranking in self.rankings:
            before = baseline.row_for(ranking.label) if baseline else None
            peer = by_label.get(ranking.peer)
            row = self._row(ranking, first, peer, before)
            parts = {
                kind: self._row(
                    part, *(each and each.parts.get(kind) for each in (first, peer, before))
                )
                for kind, part in ranking.parts.items()
            }
            rows.append(replace(row, parts=parts))
        return rows

    def _row(
        self,
        ranking: MeasuredRanking,
        first: MeasuredRanking | None,
        peer: MeasuredRanking | None,
        before: MeasuredRanking | None,
    ) -> ReportRow:
        """A ranking beside the first one and its peer, of the same queries, and the baseline's."""
        return ReportRow(
            ranking,
            ranking.intervals(self.seed),
            {} if first is None or ranking is first else ranking.differences(first, self.seed),
            {} if peer is None else ranking.differences(peer, self.seed),
            differences_to(before, ranking, self.seed) if before else {},
        )


def as_data(report: Report, *, values: bool = False) -> dict[str, Any]:
    """The report as plain data; with `values`, each query's too, by metric and query."""
    rows = []
    for row in report.rows:
        ranking = row.ranking
        line: dict[str, Any] = {
            "label": ranking.label,
            "measures": _plain(row.intervals),
            "difference_to_first": _plain(row.differences),
            "degraded": dict(ranking.degraded),
            "seconds": round(ranking.seconds, 2),
        }
        if row.to_peer:
            line["peer"] = ranking.peer
            line["difference_to_peer"] = _plain(row.to_peer)
        if report.baseline:
            line["baseline"] = report.baseline.row_for(ranking.label).label
            line["difference_to_baseline"] = _plain(row.to_baseline)
        if ranking.note:
            line["note"] = ranking.note
        if row.parts:
            line["by_kind_of_query"] = {
                kind: {"measures": _plain(part.intervals),
                       "difference_to_first": _plain(part.differences),
                       "difference_to_peer": _plain(part.to_peer),
                       "difference_to_baseline": _plain(part.to_baseline)}
                | (by_query(part.ranking) if values else {})
                for kind, part in row.parts.items()
            }  # fmt: skip
        rows.append(line | (by_query(ranking) if values else {}))
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
    """The report for a terminal: facts, table, totals and remarks."""
    table, kinds = table_of(report), kind_table_of(report)
    if len(report.measures) > _WIDE and len(table) <= len(report.measures) + 1:
        table = [list(column) for column in zip(*table, strict=True)]
    lines = [f"{name}: {value}" for name, value in report.facts.items()]
    if report.baseline:
        lines.append(f"baseline: {report.baseline.name}")
    lines += [*_text_of(table), *(_text_of(kinds) if kinds else ())]
    if report.totals:
        width = max(map(len, report.totals))
        lines += [
            "",
            *(f"{n.ljust(width)}  {format_interval(i)}" for n, i in report.totals.items()),
        ]
    lines += ["", "In brackets: 95 % bootstrap interval over queries."]
    return "\n".join([*lines, *report.degraded, *report.remarks])


def table_of(report: Report) -> list[list[str]]:
    """Header and lines: a line a row, below it its differences to the first row and a baseline."""

    def cells(intervals: Mapping[str, Interval], text: Callable[[Interval], str]) -> list[str]:
        return [text(intervals[m]) if m in intervals else "" for m in report.measures]

    table = [["", *report.measures]]
    for row in report.rows:
        label, note = row.ranking.label, row.ranking.note
        table.append(
            [f"{label} ({note})" if note else label, *cells(row.intervals, format_interval)]
        )
        if row.differences:
            first = report.rankings[0].label
            table.append([f"  - {first}", *cells(row.differences, format_difference)])
        if row.to_peer:
            table.append([f"  - {row.ranking.peer}", *cells(row.to_peer, format_difference)])
        if report.baseline and row.to_baseline:
            before = report.baseline.row_for(label).label
            table.append([f"  - baseline {before}", *cells(row.to_baseline, format_difference)])
    return table


def kind_table_of(report: Report) -> list[list[str]]:
    """The first metric by kind of query, a column a kind; empty where the kinds are unknown."""
    kinds = list(dict.fromkeys(kind for row in report.rows for kind in row.parts))
    if not kinds:
        return []
    metric = report.measures[0]

    def cells(row: ReportRow, which: str, text: Callable[[Interval], str]) -> list[str]:
        figures = [getattr(row.parts[k], which).get(metric) if k in row.parts else None
                   for k in kinds]  # fmt: skip
        return [text(figure) if figure else "" for figure in figures]

    sizes = {k: max(r.parts[k].intervals[metric].count for r in report.rows if k in r.parts)
             for k in kinds}  # fmt: skip
    table = [[f"{metric} by kind of query", *(f"{kind} ({sizes[kind]})" for kind in kinds)]]
    for row in (each for each in report.rows if each.parts):
        table.append([row.ranking.label, *cells(row, "intervals", format_interval)])
        if row.differences:
            first = report.rankings[0].label
            table.append([f"  - {first}", *cells(row, "differences", format_difference)])
        if row.to_peer:
            table.append([f"  - {row.ranking.peer}", *cells(row, "to_peer", format_difference)])
        if report.baseline and any(part.to_baseline for part in row.parts.values()):
            before = report.baseline.row_for(row.ranking.label).label
            changes = cells(row, "to_baseline", format_difference)
            table.append([f"  - baseline {before}", *changes])
    return table


def format_interval(interval: Interval) -> str:
    """`0.4210 [0.4012, 0.4410]`, and of how many queries, where some have no value."""
    if not interval.count:
        return "no value"
    counted = f" of {interval.count}" if interval.left_out else ""
    return f"{interval.mean:.4f} [{interval.low:.4f}, {interval.high:.4f}]{counted}"


def format_difference(interval: Interval) -> str:
    """A difference with its sign: `+0.0210 [+0.0012, +0.0410]`."""
    if not interval.count:
        return "no value"
    return f"{interval.mean:+.4f} [{interval.low:+.4f}, {interval.high:+.4f}]"


def _plain(intervals: Mapping[str, Interval]) -> dict[str, dict[str, float | int | None]]:
    """As plain data; null for NaN, which JSON lacks."""
    return {
        name: {k: None if math.isnan(v) else v for k, v in asdict(interval).items()}
        for name, interval in intervals.items()
    }


def _text_of(table: Sequence[Sequence[str]]) -> list[str]:
    """An empty line, the header, and the lines, in columns."""
    head, *body = table
    widths = [max(len(line[i]) for line in table) for i in range(len(head))]
    rule = "  ".join("-" * width for width in widths)
    return ["", _line(head, widths), rule, *(_line(line, widths) for line in body)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
