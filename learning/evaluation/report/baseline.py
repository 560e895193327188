"""An earlier run, read from its report, to compare a run with query by query."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from learning.data.tables import DatasetError
from learning.evaluation.measures.intervals import Interval
from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.measures.metrics import Values

_MAX_EXAMPLES = 3  # of queries that only one of two runs has


@dataclass(frozen=True)
class Baseline:
    """An earlier run. `name` is its file; `rows` have keys, values and weights."""

    name: str
    task: str
    rows: Sequence[MeasuredRanking]

    @classmethod
    def read(cls, path: Path) -> "Baseline":
        """Reads a `report.json`. Raises DatasetError when it holds no values by query."""
        try:
            report = json.loads(path.read_text(encoding="utf-8"))
            task, rows = str(report["task"]), [dict(row) for row in report["rows"]]
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
            return cls(str(path), task, [_ranking(row) for row in rows])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DatasetError(f"--baseline {path} is damaged: {error}") from None

    def row_for(self, label: str) -> MeasuredRanking:
        """The row of that label, or the first one where there is none."""
        return next((row for row in self.rows if row.label == label), self.rows[0])

    def check(self, task: str, rows: Sequence[MeasuredRanking]) -> None:
        """Raises DatasetError unless `rows` are of the same task and the same queries."""
        if task != self.task:
            raise DatasetError(
                f"--baseline {self.name} is of the task {self.task}, and this one of {task}"
            )
        for row in rows:
            ours, theirs = set(query_names(row)), set(query_names(self.row_for(row.label)))
            if ours != theirs:
                raise DatasetError(
                    f"--baseline {self.name} asked other queries: {row.label} has "
                    f"{len(ours - theirs)} that the baseline lacks{_examples(ours - theirs)}, and "
                    f"lacks {len(theirs - ours)} of the baseline's{_examples(theirs - ours)}. "
                    "Run both with the same data, split and options."
                )


def differences_to(before: MeasuredRanking, row: MeasuredRanking, seed: int) -> dict[str, Interval]:
    """By metric that both have, the paired difference of `row` to an earlier run's `before`.

    Of the queries that both have: of one kind of query, two runs may have slightly different ones.
    """
    numbers = {name: number for number, name in enumerate(query_names(before))}
    names = query_names(row)
    order = np.array([numbers[name] for name in names if name in numbers], dtype=np.int64)
    aligned = replace(
        before,
        values={name: values[order] for name, values in before.values.items()},
        weights={name: weights[order] for name, weights in before.weights.items()},
    )
    if len(order) < len(names):
        row = row.only([name in numbers for name in names])
    return row.differences(aligned, seed)


def query_names(row: MeasuredRanking) -> list[str]:
    """A name for each query: its key (a second one of the same key: `key #2`), or 1, 2, ..."""
    count = max((len(values) for values in row.values.values()), default=0)
    keys = row.keys or [str(number) for number in range(1, count + 1)]
    if len(keys) != count:
        raise ValueError(f"{row.label}: {len(keys)} keys for {count} queries")
    times: dict[str, int] = {}
    names = []
    for key in keys:
        times[key] = times.get(key, 0) + 1
        names.append(key if times[key] == 1 else f"{key} #{times[key]}")
    return names


def by_query(row: MeasuredRanking) -> dict[str, dict[str, dict[str, float | None]]]:
    """The row's values (and weights), by metric and query, as in report.json."""
    names = query_names(row)
    return {
        key: {
            metric: {
                name: None if np.isnan(value) else value
                for name, value in zip(names, values.tolist(), strict=True)
            }
            for metric, values in table.items()
        }
        for key, table in (("values", row.values), ("weights", row.weights))
        if table or key == "values"
    }


def _ranking(row: Mapping[str, Any]) -> MeasuredRanking:
    """The inverse of `by_query`."""
    keys = [*next(iter(row["values"].values()), ())]

    def arrays(table: Mapping[str, Any]) -> dict[str, Values]:
        return {
            str(metric): np.array(
                [np.nan if values[key] is None else values[key] for key in keys], dtype=np.float64
            )
            for metric, values in table.items()
        }

    values, weights = arrays(row["values"]), arrays(row.get("weights", {}))
    parts = {
        str(kind): _ranking({"label": row["label"], **part})
        for kind, part in row.get("by_kind_of_query", {}).items()
    }
    return MeasuredRanking(str(row["label"]), values, 0.0, {}, keys, weights, parts=parts)


def _examples(keys: set[str]) -> str:
    shown = ", ".join(repr(key) for key in sorted(keys)[:_MAX_EXAMPLES])
    return f" ({shown}{', ...' if len(keys) > _MAX_EXAMPLES else ''})" if keys else ""
