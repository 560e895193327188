"""A panel as a Vega-Lite specification, which Dashboards draws with the answer to the same query.

Dashboards adds its own time range and filters to the query (`%context%`, `%timefield%`).
"""

import itertools
import json
from typing import Any

from query_service.insights.panel import Column, Panel, Path, Quotient, Unit

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_FORMATS: dict[Unit, str] = {
    "count": ",.0f", "share": ".1%", "change": "+.1%", "mean": ".3f", "ms": ",.0f",
    "seconds": ",.1f",
}  # fmt: skip
_UNITS: dict[Unit, str] = {"ms": " ms", "seconds": " s"}
COLORS = ("#0b6567", "#b3541e", "#5a4fcf", "#7a7f87")
MOST_ROWS = 20  # of a table


def vega_lite(panel: Panel, index: str, least_sessions: int) -> dict[str, Any]:
    """The specification; `index`: that of the panel's store."""
    url = {
        "%context%": True,
        "%timefield%": "timestamp",
        "index": index,
        "body": panel.body(least_sessions),
    }
    spec: dict[str, Any] = {
        "$schema": SCHEMA,
        "data": {"url": url, "format": {"property": ".".join(panel.rows_path)}},
        "config": {
            "kibana": {"hideWarnings": True},
            "view": {"stroke": None},
            "axis": {"domain": False, "tickSize": 0},
        },
    }
    draw = {"figures": _figures, "lines": _lines, "table": _table}[panel.kind]
    return spec | draw(panel)


def _figures(panel: Panel) -> dict[str, Any]:
    columns = panel.columns
    return {
        "transform": [
            *_calculated(columns),
            *({"calculate": _text(column), "as": f"{column.name}_text"} for column in columns),
            {"fold": [f"{column.name}_text" for column in columns], "as": ["name", "text"]},
            {"calculate": f"{_labels(columns, '_text')}[datum.name]", "as": "label"},
        ],
        "encoding": {
            "x": {
                "field": "label",
                "type": "nominal",
                "sort": [column.label for column in columns],
                "axis": {
                    "orient": "bottom", "title": None, "labelAngle": 0, "labelLimit": 300,
                    "labelFontSize": 12,
                },
            },
        },
        "layer": [
            {
                "mark": {"type": "text", "fontSize": 26, "fontWeight": "bold", "color": COLORS[0]},
                "encoding": {"text": {"field": "text", "type": "nominal"}},
            }
        ],
    }  # fmt: skip


def _lines(panel: Panel) -> dict[str, Any]:
    time, *columns = panel.columns
    first = columns[0]
    labels = [column.label for column in columns]
    return {
        "transform": [
            *_calculated(panel.columns),
            {"fold": [column.name for column in columns], "as": ["name", "value"]},
            {"filter": "isValid(datum.value)"},
            {"calculate": f"{_labels(columns)}[datum.name]", "as": "series"},
        ],
        "mark": {"type": "line", "point": True, "tooltip": True, "interpolate": "monotone"},
        "encoding": {
            "x": {"field": time.name, "type": "temporal", "axis": {"title": None, "grid": False}},
            "y": {
                "field": "value",
                "type": "quantitative",
                "axis": {"title": _UNITS.get(first.unit), "format": _FORMATS[first.unit]},
                "scale": {"zero": True},
            },
            "color": {
                "field": "series",
                "type": "nominal",
                "scale": {"domain": labels, "range": list(COLORS[: len(labels)])},
                "legend": {"title": None, "orient": "top"} if len(labels) > 1 else None,
            },
        },
    }


def _table(panel: Panel) -> dict[str, Any]:
    """Rows from the top down, in the engine's order; the bar lies behind the label.

    Dashboards stretches a specification to its panel, so rows have an axis of their own, on which
    0 is the row of the columns' names.
    """
    extents = _extents(panel.columns)
    label, bar = panel.columns[:2]
    layers: list[dict[str, Any]] = []
    if label.unit == "text":
        layers.append({
            "mark": {"type": "rect", "color": COLORS[0], "opacity": 0.2},
            "encoding": {
                "x": {
                    "field": bar.name,
                    "type": "quantitative",
                    "axis": None,
                    "scale": {
                        "zero": True,
                        "range": [0, {"expr": f"width * {extents[0][1]:.3f}"}],
                    },
                },
                "x2": {"datum": 0},
                "y": _row_axis("from"),
                "y2": {"field": "to"},
            },
        })  # fmt: skip
    for column, (start, end) in zip(panel.columns, extents, strict=True):
        left = column.unit in ("text", "time")
        edge = start if left else end
        layers.append(_texts(f"{column.name}_text", "row", edge, left=left))
        layers.append(_texts(f"{column.name}_head", "head", edge, left=left, head=True))
    return {
        "transform": [
            *_calculated(panel.columns),
            *({"calculate": _text(c), "as": f"{c.name}_text"} for c in panel.columns),
            {"window": [{"op": "row_number", "as": "row"}]},
            {"filter": f"datum.row <= {MOST_ROWS}"},
            {"calculate": "datum.row - 0.42", "as": "from"},
            {"calculate": "datum.row + 0.42", "as": "to"},
            {"calculate": "0", "as": "head"},
            *(
                {
                    "calculate": f"datum.row == 1 ? {json.dumps(c.label)} : ''",
                    "as": f"{c.name}_head",
                }
                for c in panel.columns
            ),
        ],
        "layer": layers,
    }


def _extents(columns: tuple[Column, ...]) -> list[tuple[float, float]]:
    """Where each column starts and ends, as shares of the width: a text takes more of it."""
    widths = [2.6 if column.unit in ("text", "time") else 1.0 for column in columns]
    starts = [sum(widths[:number]) / sum(widths) for number in range(len(widths) + 1)]
    return list(itertools.pairwise(starts))


def _row_axis(field: str) -> dict[str, Any]:
    return {
        "field": field,
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [-0.5, MOST_ROWS + 0.5], "reverse": True, "zero": False},
    }


def _texts(field: str, row: str, edge: float, *, left: bool, head: bool = False) -> dict[str, Any]:
    mark: dict[str, Any] = {"type": "text", "align": "left" if left else "right", "limit": 240}
    mark |= {"dx": 4 if left else -4} | ({"fontWeight": "bold"} if head else {})
    return {
        "mark": mark,
        "encoding": {
            "x": {"value": {"expr": f"width * {edge:.3f}"}},
            "y": _row_axis(row),
            "text": {"field": field, "type": "nominal"},
        },
    }


def _calculated(columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    return [{"calculate": _expression(column), "as": column.name} for column in columns]


def _expression(column: Column) -> str:
    """The column's value as an expression over `datum`, a row."""
    read = column.read
    value = _quotient(read) if isinstance(read, Quotient) else _at(read)
    if column.over is not None:
        return f"{_quotient(column.over)} ? {value} / {_quotient(column.over)} - 1 : null"
    if column.unit == "time":
        return f"toDate({value})"
    if column.unit == "text":
        return f"({json.dumps(dict(column.names))})[{value}] || {value}"
    return value


def _quotient(quotient: Quotient) -> str:
    of = _at(quotient.of)
    return f"({of} ? {_at(quotient.value)} / {of} : null)"


def _at(path: Path) -> str:
    """The value at a path, null where it ends before."""
    steps = ["datum"]
    for name in path:
        steps.append(f"{steps[-1]}[{json.dumps(name)}]")
    return f"({' && '.join(steps[1:])})"


def _text(column: Column) -> str:
    """The column as it is shown."""
    value = f"datum[{json.dumps(column.name)}]"
    if column.unit == "text":
        return f"isValid({value}) ? toString({value}) : ''"
    if column.unit == "time":
        return f"timeFormat({value}, '%d %b %Y %H:%M')"
    unit = json.dumps(_UNITS.get(column.unit, ""))
    return f"isValid({value}) ? format({value}, '{_FORMATS[column.unit]}') + {unit} : '–'"


def _labels(columns: tuple[Column, ...] | list[Column], suffix: str = "") -> str:
    return json.dumps({column.name + suffix: column.label for column in columns})
