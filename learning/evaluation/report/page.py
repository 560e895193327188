"""A report as a folder: index.html, a self-contained page, and report.json for --baseline."""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from learning.evaluation.charts import Bars, Figure
from learning.evaluation.measures.intervals import Interval
from learning.evaluation.report import plots
from learning.evaluation.report.report import (
    Report,
    as_data,
    format_interval,
    kind_table_of,
    table_of,
)
from plugin_config.errors import SettingsError

PAGE, DATA = "index.html", "report.json"
MADE_BY = "live-intent evaluate"
_STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #fff; --ink: #1d2129; --quiet: #5b6270;
  --line: #dcdad3; --bad: #a4262c; --c1: #0b6e6e; --c2: #b4530a; --c3: #4956b3; --c4: #9c2a6b;
  --c5: #4f7a1a; --c6: #6b6f76; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181d; --card: #1d2127; --ink: #e8e6e1;
  --quiet: #a2a9b5; --line: #343a43; --bad: #ff9a93; --c1: #56c2bd; --c2: #f0a35e; --c3: #9aa5ff;
  --c4: #ef8fc4; --c5: #a5d16b; --c6: #b3b8c0; } }
body { margin: 0 auto; max-width: 76rem; padding: 1rem 1.2rem 3rem; background: var(--paper);
  color: var(--ink);
  font: 16px/1.45 system-ui, "Segoe UI", Roboto, "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.5rem; } h1, h3, li, figcaption { overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; background: var(--card); font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .7rem; border: 1px solid var(--line); text-align: right;
  white-space: nowrap; }
th:first-child { text-align: left; } thead th { background: var(--paper); }
tr.less th, tr.less td { color: var(--quiet); font-size: .9rem; }
figure { margin: .5rem 0 1rem; min-width: 0; }
.pair { display: flex; flex-wrap: wrap; gap: 1rem; align-items: start; }
svg { max-width: 100%; height: auto; }
@media (max-width: 40rem) { dl { display: block; } dd { margin-bottom: .5rem; }
  figure { overflow-x: auto; } svg { max-width: none; } }
.quiet, figcaption { color: var(--quiet); font-size: .9rem; }
.bad { color: var(--bad); font-weight: 600; } summary { cursor: pointer; }
"""


def check_directory(directory: Path) -> None:
    """Raises SettingsError unless the folder is new, empty or an earlier report.

    To be called before a long evaluation as well.
    """
    if not directory.exists():
        return
    if not directory.is_dir():
        raise SettingsError(f"--report {directory} is a file: name a new folder")
    names = sorted(each.name for each in directory.iterdir())
    foreign = [name for name in names if name not in (PAGE, DATA)]
    if foreign or (names and not _is_report(directory / DATA)):
        shown = ", ".join((foreign or names)[:3])
        raise SettingsError(
            f"--report {directory} holds what is no report of an evaluation ({shown}), and "
            "nothing of others is overwritten: name a new folder"
        )


def write_report(report: Report, directory: Path) -> None:
    """Writes `index.html` and `report.json` into the folder; an earlier report there is replaced.

    `report.json` is what --json prints, with each query's values, which --baseline reads. Raises
    SettingsError as `check_directory` does, and when matplotlib is not installed.
    """
    check_directory(directory)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    page = page_of(report, now)
    data = {"made_by": MADE_BY, "made_at": now, **as_data(report, values=True)}
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in ((PAGE, page), (DATA, text)):
            temporary = directory / f".{name}.part"
            temporary.write_text(content, encoding="utf-8")
            os.replace(temporary, directory / name)
    except OSError as error:
        raise SettingsError(f"--report {directory} can't be written: {error.strerror}") from error


def page_of(report: Report, made_at: str) -> str:
    """The page as HTML: no script, and nothing is fetched."""
    title = f"Evaluation: {report.task}"
    parts = [f"<h1>{escape(title)}</h1>", _facts(report, made_at), _table(report)]
    if report.totals:
        cells = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(format_interval(interval))}</td>'
            f"<td>{interval.count}</td></tr>"
            for name, interval in report.totals.items()
        )
        parts.append(
            '<h2>The whole log</h2><div class="wide"><table><thead><tr><th></th><th>value</th>'
            f"<th>queries</th></tr></thead><tbody>{cells}</tbody></table></div>"
        )
    parts += [_figure(each) for each in report.figures]
    parts.append("<h2>Measure by measure</h2>" + _measures(report))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _facts(report: Report, made_at: str) -> str:
    facts = {**report.facts, "made at": made_at, "seed of the bootstrap": report.seed}
    if report.baseline:
        facts["baseline"] = report.baseline.name
    lines = "".join(
        f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>"
        for name, value in facts.items()
    )
    remarks = "".join(f"<li>{escape(remark)}</li>" for remark in report.remarks)
    degraded = "".join(f'<li class="bad">{escape(line)}</li>' for line in report.degraded)
    listed = f"<h2>Remarks</h2><ul>{degraded}{remarks}</ul>" if remarks or degraded else ""
    return f"<dl>{lines}</dl>{listed}"


def _table(report: Report) -> str:
    head, *body = table_of(report)
    if len(head) > len(body) + 4:  # few rows and many measures: a measure a line reads better
        head, *body = [list(column) for column in zip(*[head, *body], strict=True)]
    kinds = kind_table_of(report)
    return (
        f"<h2>Results</h2>{_html_of([head, *body])}{_html_of(kinds) if kinds else ''}"
        '<p class="quiet">In brackets: 95 % bootstrap interval over queries. '
        "“of n”: only so many queries have a value.</p>"
    )


def _html_of(table: Sequence[Sequence[str]]) -> str:
    head, *body = table
    cells = "".join(f'<th scope="col">{escape(cell.strip())}</th>' for cell in head)
    lines = "".join(
        f'<tr{" class=less" if line[0].startswith("  - ") else ""}><th scope="row">'
        f"{escape(line[0].strip())}</th>{''.join(f'<td>{escape(c)}</td>' for c in line[1:])}</tr>"
        for line in body
    )
    return (
        f'<div class="wide"><table><thead><tr>{cells}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _measures(report: Report) -> str:
    parts = []
    comparisons = {f"- {report.rankings[0].label}": [row.differences for row in report.rows]}
    if report.baseline:
        comparisons["- baseline"] = [row.to_baseline for row in report.rows]
    for name in report.measures:
        means = _with_values(name, report, [row.intervals for row in report.rows])
        if not means:
            parts.append(f'<h3>{escape(name)}</h3><p class="quiet">No query has a value.</p>')
            continue
        compared = {
            title: differences
            for title, intervals in comparisons.items()
            if (differences := _with_values(name, report, intervals))
        }
        values = {each.label: each.values[name] for each in report.rankings if name in each.values}
        note = plots.left_out(list(values))
        parts.append(
            f'<h3>{escape(name)}</h3><div class="pair">'
            f"<figure>{plots.forest(name, means, compared)}"
            "<figcaption>Means and paired differences, with 95 % intervals</figcaption></figure>"
            f"<figure>{plots.spread(name, values)}"
            f"<figcaption>Single queries. {escape(note)}</figcaption></figure></div>"
        )
    return "".join(parts)


def _with_values(
    name: str, report: Report, intervals: Sequence[Mapping[str, Interval]]
) -> dict[str, Interval]:
    """The metric's interval by label, of the rankings that have a value."""
    return {
        ranking.label: of_ranking[name]
        for ranking, of_ranking in zip(report.rankings, intervals, strict=True)
        if name in of_ranking and of_ranking[name].count
    }


def _figure(figure: Figure) -> str:
    if isinstance(figure, Bars):
        svg, first, labels = plots.bars(figure), "", figure.labels
        series = figure.series
    else:
        svg, first, labels = plots.curve(figure), figure.x_label, [f"{x:g}" for x in figure.x]
        series = figure.lines
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in (first, *series))
    lines = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(f"<td>{values[row]:.4g}</td>" for values in series.values())
        + "</tr>"
        for row, label in enumerate(labels)
    )
    note = f"<figcaption>{escape(figure.note)}</figcaption>" if figure.note else ""
    return (
        f"<h2>{escape(figure.title)}</h2><figure>{svg}{note}</figure>"
        f'<details><summary>The numbers</summary><div class="wide"><table><thead><tr>{head}</tr>'
        f"</thead><tbody>{lines}</tbody></table></div></details>"
    )


def _is_report(path: Path) -> bool:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and data.get("made_by") == MADE_BY
