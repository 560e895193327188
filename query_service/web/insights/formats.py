"""Values of panels as a page shows them."""

import math
from datetime import UTC, datetime

from query_service.insights.panel import Unit
from query_service.insights.panel_answers import Value

NOTHING = "–"


def shown(value: Value, unit: Unit) -> str:
    """A value of this unit; a dash where there is none."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value or NOTHING
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "change":
        return f"{100 * value:+.1f} %".replace("-", "−")
    if unit == "mean":
        return f"{value:.3f}"
    if unit == "ms":
        return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"
    if unit == "seconds":
        return f"{value:,.1f} s" if value < 120 else f"{value / 60:,.1f} min"
    if unit == "time":
        return datetime.fromtimestamp(value / 1000, UTC).strftime("%d %b %Y %H:%M")
    return f"{value:,.0f}"


def axis_label(value: float, unit: Unit) -> str:
    """A value at an axis, without needless digits."""
    if unit in ("share", "change"):
        return f"{100 * value:g} %"
    number = f"{value:,.0f}" if value >= 10 else f"{value:g}"
    return number + {"ms": " ms", "seconds": " s"}.get(unit, "")


def time_label(value: float, span: float) -> str:
    """A time in ms at an axis that shows `span` ms."""
    form = "%H:%M" if span <= 36 * 3_600_000 else "%d %b"
    return datetime.fromtimestamp(value / 1000, UTC).strftime(form).lstrip("0")


def round_top(value: float) -> float:
    """The smallest round number that is no smaller than `value`, and whose half is round too."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    steps = (1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    return next(step * power for step in steps if step * power >= value * (1 - 1e-9))
