"""docs/quality.md, made of the reports and bundles of `benchmarks.quality`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.quality.sections import MINUTES, TO_BEFORE, TO_FIRST, WEIGHTS, Section, TableRow
from benchmarks.quality.steps import Context, Step
from indexer.bundle.hashed_folder import MANIFEST

HEAD = """# Quality

Made by `make quality` (`python -m benchmarks.quality`), which needs a node
(`live-intent node start`), about three hours on two cores, and in the folder that `DATASETS_DIR`
names `homedepot`, `amazon_games` and `movielens`, as [evaluation.md](evaluation.md#files) has such
files; a section without its data is left out. Every figure is a mean with its 95 % bootstrap
interval; `n` counts what was averaged (queries, or users). {split} *Published references*
were measured elsewhere, on other users and queries of the same data; rows called "our few lines"
reproduce the simple ones here. The goals are last in each table. The time of a
training is that of its last run: candidate lists kept from an earlier run are not in it (about 50
lists per second, on two cores).
"""
READ_ONCE = (
    "Weights and settings were chosen on training and validation queries and users, not on the "
    "test, also where an earlier table had read it; movielens has too few users for that, see "
    "there. Where a goal is missed: [what was tried](learning.md#where-a-goal-is-not-reached)."
)
REHEARSAL = "**A rehearsal: validation users and queries, some of which chose the settings.**"


def page(context: Context, sections: Sequence[Section]) -> str:
    """Return the whole page; a step's command is listed below the first section that needs it."""
    parts = [HEAD.format(split=REHEARSAL if context.rehearse else READ_ONCE)]
    listed: set[Step] = set()
    for section in sections:
        parts.append(f"## {section.title}\n\n{section.about}\n\n{_table(section)}\n")
        new = [step for step in section.steps if step not in listed]
        listed |= set(new)
        parts.append(_commands(new))
    return "\n".join(parts)


def _table(section: Section) -> str:
    lines = ["| | " + " | ".join(section.measures) + " | n |"]
    lines.append("| --- " * (len(section.measures) + 2) + "|")
    for row in section.rows:
        values = _values(row)
        cells = [_cell(measure, values.get(measure, "")) for measure in section.measures]
        first = values.get(section.measures[0])
        count = f"{first['count']:,}" if isinstance(first, dict) else ""
        lines.append(f"| {row.label} | " + " | ".join(cells) + f" | {count} |")
    return "\n".join(lines)


def _values(row: TableRow) -> Mapping[str, Any]:
    """Return intervals, or text, by measure: published, of a training, or of a report."""
    if row.step is None:
        return row.published
    part = _trained_part(row.step)
    if part is not None:
        metrics = part["metrics"]
        gains = {f"{name}{TO_BEFORE}": gain for name, gain in metrics["gain"].items()}
        weights, minutes = f"{metrics['trained weights']:,}", f"{part['seconds'] / 60:.0f}"
        return {**metrics["validation"], **gains, WEIGHTS: weights, MINUTES: minutes}
    report = json.loads((row.step.makes / "report.json").read_text("utf-8"))
    for each in report["rows"]:
        if each["label"] == row.of_report:
            differences = each.get("difference_to_first", {})
            return {**each["measures"], **{f"{m}{TO_FIRST}": d for m, d in differences.items()}}
    raise SystemExit(
        f"{row.step.makes}/report.json has no row {row.of_report!r}, only "
        f"{[each['label'] for each in report['rows']]}"
    )


def _trained_part(step: Step) -> Mapping[str, Any] | None:
    """Return the manifest's entry of the part that a training added; None for another step."""
    manifest = step.makes / MANIFEST
    if not manifest.is_file():
        return None
    parts: dict[str, Mapping[str, Any]] = json.loads(manifest.read_text("utf-8"))["parts"]
    return list(parts.values())[-1]


def _cell(measure: str, value: dict[str, float] | str) -> str:
    if isinstance(value, str):
        return value
    sign = "+" if measure.endswith((TO_FIRST, TO_BEFORE)) else ""
    mean, low, high = (_short(value[name], sign) for name in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def _short(value: float, sign: str) -> str:
    text = f"{value:{sign}.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def _commands(steps: Sequence[Step]) -> str:
    lines = ["<details><summary>Commands, and the cost of the trainings</summary>\n"]
    lines += [f"    {step.command}" for step in steps]
    trained = [(step.makes.name, part) for step in steps if (part := _trained_part(step))]
    if trained:
        lines.append("")
    for name, part in trained:
        minutes, memory = part["seconds"] / 60, part["peak_memory_mb"] / 1024
        lines.append(f"- {name}: {minutes:.0f} min, {memory:.1f} GB at most, seed {part['seed']}")
    return "\n".join([*lines, "\n</details>\n"])
