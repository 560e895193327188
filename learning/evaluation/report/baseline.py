"""An earlier run, read from its report, to compare this one with query by query."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.data.tables import DatasetError
from learning.evaluation.measures.intervals import Interval, paired_difference
from learning.evaluation.measures.measured_ranking import MeasuredRanking

Values = NDArray[np.float64]
_SHOWN = 3  # examples of queries that only one of two runs has


@dataclass(frozen=True)
class Baseline:
    """A run of before. `name` is its file; `rows` have keys, values and weights."""

    name: str
    task: str
    rows: Sequence[MeasuredRanking]

    @classmethod
    def read(cls, path: Path) -> "Baseline":
        """The rows of a `report.json`. Raises DatasetError when it holds no values by query."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            task, rows = str(told["task"]), [dict(row) for row in told["rows"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatasetError(
                f"--baseline {path} is no report of an evaluation: {error}"
            ) from None
        if not rows or any("values" not in row for row in rows):
            raise DatasetError(
                f"--baseline {path} has averages only, and no value of each query: take the "
                "report.json of a folder that --report made"
            )
        try:
            return cls(str(path), task, [_measured(row) for row in rows])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DatasetError(f"--baseline {path} is damaged: {error}") from None

    def row_for(self, label: str) -> MeasuredRanking:
        """The row of that label, or the first one where there is none."""
        return next((row for row in self.rows if row.label == label), self.rows[0])

    def check(self, task: str, rows: Sequence[MeasuredRanking]) -> None:
        """Raises DatasetError unless it is of the same task and the same queries."""
        if task != self.task:
            raise DatasetError(
                f"--baseline {self.name} is of the task {self.task}, and this one of {task}"
            )
        for row in rows:
            ours, theirs = set(named(row)), set(named(self.row_for(row.label)))
            if ours != theirs:
                raise DatasetError(
                    f"--baseline {self.name} asked other queries: {row.label} has "
                    f"{len(ours - theirs)} that the baseline lacks{_examples(ours - theirs)}, and "
                    f"lacks {len(theirs - ours)} of the baseline's{_examples(theirs - ours)}. "
                    "Run both with the same data, split and options."
                )

    def differences(self, row: MeasuredRanking, seed: int) -> dict[str, Interval]:
        """By measure that both have, the paired difference of `row` to the baseline's row."""
        before = self.row_for(row.label)
        places = {key: place for place, key in enumerate(named(before))}
        order = np.array([places[key] for key in named(row)], dtype=np.int64)
        found = {}
        for name, values in row.values.items():
            if name in before.values:
                weights = before.weights.get(name)
                found[name] = paired_difference(
                    values,
                    before.values[name][order],
                    weights=row.weights.get(name),
                    baseline_weights=None if weights is None else weights[order],
                    groups=row.groups,
                    seed=seed,
                )
        return found


def named(row: MeasuredRanking) -> list[str]:
    """A name for each query of a row: its key (a second one of the same key: `key #2`), or 1, 2."""
    count = max((len(values) for values in row.values.values()), default=0)
    keys = row.keys or [str(place) for place in range(1, count + 1)]
    if len(keys) != count:
        raise ValueError(f"{row.label}: {len(keys)} keys for {count} queries")
    seen: dict[str, int] = {}
    names = []
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
        names.append(key if seen[key] == 1 else f"{key} #{seen[key]}")
    return names


def by_query(row: MeasuredRanking) -> dict[str, dict[str, dict[str, float | None]]]:
    """The row's values (and weights), by measure and query, as report.json keeps them."""
    names = named(row)
    return {
        part: {
            name: dict(zip(names, map(_plain, values.tolist()), strict=True))
            for name, values in table.items()
        }
        for part, table in (("values", row.values), ("weights", row.weights))
        if table or part == "values"
    }


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else value


def _measured(row: Mapping[str, Any]) -> MeasuredRanking:
    tables: list[dict[str, Values]] = []
    keys: list[str] = []
    for part in ("values", "weights"):
        table = {}
        for name, values in row.get(part, {}).items():
            keys = keys or list(values)
            table[str(name)] = np.array(
                [np.nan if values[key] is None else values[key] for key in keys], dtype=np.float64
            )
        tables.append(table)
    return MeasuredRanking(str(row["label"]), tables[0], 0.0, {}, keys, tables[1])


def _examples(keys: set[str]) -> str:
    shown = ", ".join(repr(key) for key in sorted(keys)[:_SHOWN])
    return f" ({shown}{', ...' if len(keys) > _SHOWN else ''})" if keys else ""
