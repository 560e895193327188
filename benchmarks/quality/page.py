"""docs/quality.md from the reports and bundles that `benchmarks.quality` made."""

import json
from collections.abc import Sequence
from typing import Any

from benchmarks.quality.steps import (
    MINUTES,
    TO_BEFORE,
    TO_FIRST,
    WEIGHTS,
    Context,
    Row,
    Section,
    Step,
)
from indexer.bundle.hashed_folder import MANIFEST

HEAD = """# Quality

Made by `make quality` (`python -m benchmarks.quality`), which needs a node
(`live-intent node start`), about three hours on two cores, and in the folder that `DATASETS_DIR`
names `homedepot`, `amazon_games` and `movielens`, as [evaluation.md](evaluation.md#files) has such
files; a section whose data are not there is left out. Every figure is a mean with its 95 %
bootstrap interval; `n` is what was averaged (queries, or users). {split} *Published references*
were measured elsewhere, on other users and queries of the same data; what is said to be ours in
a few lines reproduces their simple ones here. The goals stand last in each table. The time of a
training is that of its last run: lists that a run before it had kept are not in it (about 50 lists
are made a second, on two cores).
"""
READ_ONCE = (
    "Weights and settings were chosen on training and validation queries and users, not on the "
    "test, also where an earlier table had read it; movielens has too few users for that, see "
    "there. Where a goal is missed: [what was tried](learning.md#where-a-goal-is-not-reached)."
)
REHEARSAL = "**A rehearsal: validation users and queries, some of which chose the settings.**"


def page(context: Context, sections: Sequence[Section]) -> str:
    """The whole page."""
    parts = [HEAD.format(split=REHEARSAL if context.rehearse else READ_ONCE)]
    done: set[Step] = set()
    for section in sections:
        parts.append(f"## {section.title}\n\n{section.about}\n\n{_table(section)}\n")
        new = [step for step in section.steps if step not in done]
        done |= set(new)
        parts.append(_commands(new))
    return "\n".join(parts)


def _table(section: Section) -> str:
    lines = ["| | " + " | ".join(section.measures) + " | n |"]
    lines.append("| --- " * (len(section.measures) + 2) + "|")
    for row in section.rows:
        cells, count = _cells(row, section.measures)
        lines.append(f"| {row.label} | " + " | ".join(cells) + f" | {count} |")
    return "\n".join(lines)


def _cells(row: Row, measures: Sequence[str]) -> tuple[list[str], str]:
    if row.step is None:
        return [row.published.get(measure, "") for measure in measures], ""
    found = _measures(row)
    cells = [_cell(m, found) for m in measures]
    count = found[measures[0]]["count"] if measures[0] in found else ""
    return cells, f"{count:,}" if count else ""


def _of_training(part: dict[str, Any]) -> dict[str, Any]:
    metrics = part["metrics"]
    return metrics["validation"] | {
        **{f"{name}{TO_BEFORE}": gain for name, gain in metrics["gain"].items()},
        WEIGHTS: f"{metrics['trained weights']:,}",
        MINUTES: f"{part['seconds'] / 60:.0f}",
    }


def _last_part(step: Step) -> dict[str, Any] | None:
    """What the manifest tells of the part that this training added; None for another step."""
    manifest = step.makes / MANIFEST
    if not manifest.is_file():
        return None
    parts = json.loads(manifest.read_text("utf-8"))["parts"]
    found: dict[str, Any] = parts[list(parts)[-1]]
    return found


def _cell(measure: str, found: dict[str, Any]) -> str:
    value = found.get(measure, "")
    if isinstance(value, str):
        return value
    return _told(value, sign="+" if measure.endswith((TO_FIRST, TO_BEFORE)) else "")


def _measures(row: Row) -> dict[str, Any]:
    """Intervals by measure, and words as they are to be shown, of a report or of a training."""
    assert row.step is not None
    part = _last_part(row.step)
    if part is not None:
        return _of_training(part)
    report = json.loads((row.step.makes / "report.json").read_text("utf-8"))
    for each in report["rows"]:
        if each["label"] == row.of_report:
            differences = each.get("difference_to_first", {})
            return each["measures"] | {f"{m}{TO_FIRST}": d for m, d in differences.items()}
    raise SystemExit(
        f"{row.step.makes}/report.json has no row {row.of_report!r}, only "
        f"{[each['label'] for each in report['rows']]}"
    )


def _told(interval: dict[str, float], sign: str = "") -> str:
    mean, low, high = (_short(interval[name], sign) for name in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def _short(value: float, sign: str) -> str:
    return f"{value:{sign}.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:{sign}.3f}"


def _commands(steps: Sequence[Step]) -> str:
    lines = ["<details><summary>Commands, and what the trainings took</summary>\n"]
    for step in steps:
        lines.append(f"    {step.told}")
    costs = [cost for step in steps if (cost := _cost(step))]
    if costs:
        lines += ["", *costs]
    return "\n".join([*lines, "\n</details>\n"])


def _cost(step: Step) -> str:
    told = _last_part(step)
    if told is None:
        return ""
    minutes, memory = told["seconds"] / 60, told["peak_memory_mb"] / 1024
    return f"- {step.makes.name}: {minutes:.0f} min, {memory:.1f} GB at most, seed {told['seed']}"
