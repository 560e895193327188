"""An ablation: a task's rows of the whole service, and of the service without each part."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.variants import Variant, with_verdicts
from learning.evaluation.workbench import Setup, Workbench


def ablation(
    setup: Setup,
    open_bench: Callable[[Setup], AbstractContextManager[Workbench]],
    measure: Callable[[Workbench, Sequence[Variant]], list[MeasuredRanking]],
    *,
    query: bool,
    metrics: Sequence[str],
) -> tuple[list[MeasuredRanking], dict[str, Any], list[str]]:
    """The rows with a verdict by `metrics`, the facts of the index, and remarks.

    `measure` gives a row for each variant. The other layout needs an index of its own, and so a
    second bench. `query`: whether requests have a query.
    """
    with open_bench(setup) as bench:
        rows = measure(bench, bench.ablations(query=query))
        other = bench.other_layout()
    remarks = []
    if isinstance(other, str):
        remarks.append(other)
    else:
        other_setup, variant = other
        with open_bench(other_setup) as other_bench:
            rows += measure(other_bench, [variant])
    return with_verdicts(rows, metrics, setup.seed), bench.facts, remarks
