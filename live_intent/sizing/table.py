"""The figures as a table for a terminal, and the tables of docs/sizing.md."""

from collections.abc import Sequence
from dataclasses import replace

from live_intent.sizing.amount import shown
from live_intent.sizing.costs import Costs
from live_intent.sizing.installation import Demand, figures
from plugin_config.quantization import QUANTIZATIONS

PAGE_DEMANDS = (Demand(10**7, 200), Demand(10**8, 500), Demand(10**9, 1000))


def lines(demand: Demand, costs: Costs) -> list[str]:
    """A heading, a line for each figure, and a line for each constant."""
    rows = [(each.name, each.shown, each.formula) for each in figures(demand, costs)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    heading = (
        f"{shown(demand.items)} items, {demand.qps:g} searches/s, {demand.dim} dimensions, "
        f"quantization {demand.quantization}, {demand.replicas} replica"
        + ("s" if demand.replicas != 1 else "")
    )
    table = [
        f"  {name:<{widths[0]}}  {value:>{widths[1]}}  = {formula}" for name, value, formula in rows
    ]
    return [heading, *table, "", "Constants:", *(f"  {line}" for line in costs.lines())]


def page_table(demands: Sequence[Demand], costs: Costs) -> list[str]:
    """A table in Markdown: a column for each demand."""
    columns = [figures(demand, costs) for demand in demands]
    head = [f"{shown(d.items)} items, {d.qps:g}/s" for d in demands]
    rows = [
        [each[0].name, *(figure.shown for figure in each)] for each in zip(*columns, strict=True)
    ]
    return _markdown(["", *head], rows)


def memory_table(demands: Sequence[Demand], costs: Costs) -> list[str]:
    """A table in Markdown: memory for vectors and data nodes of each demand, by quantisation."""
    rows = []
    for name in QUANTIZATIONS:
        row: list[str] = [f"`{name}`"]
        for demand in demands:
            of = {f.name: f.shown for f in figures(replace(demand, quantization=name), costs)}
            row.append(f"{of['memory for vectors']}, {of['data nodes']} nodes")
        rows.append(row)
    return _markdown(["quantization", *(f"{shown(d.items)} items" for d in demands)], rows)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    line = "| " + " | ".join("---" for _ in head) + " |"
    return [f"| {' | '.join(head)} |", line, *(f"| {' | '.join(row)} |" for row in rows)]
