"""The geometry of a plot over time, for an SVG that stretches to its page."""

from dataclasses import dataclass

from query_service.insights.panel_answers import PanelAnswer
from query_service.web.insights.formats import axis_label, round_top, time_label

TICKS_X, TICKS_Y = 4, 2  # intervals between the marks of an axis


@dataclass(frozen=True)
class Tick:
    """A mark of an axis, `at` per cent of it."""

    at: float
    label: str


@dataclass(frozen=True)
class Series:
    """A line: the `d` of its path, in per cent of both axes; of a point alone a dot."""

    number: int
    label: str
    path: str
    last: str  # the dot at its end


@dataclass(frozen=True)
class LinePlot:
    """A plot; `places`: of each row of the panel, per cent of the axis of time."""

    series: tuple[Series, ...]
    ticks_x: tuple[Tick, ...]
    ticks_y: tuple[Tick, ...]
    places: tuple[float, ...]

    @classmethod
    def of(cls, answer: PanelAnswer) -> "LinePlot":
        """The plot of a panel of lines, whose first column is the time, earliest first."""
        times = [float(row[0] or 0) for row in answer.rows]
        first, span = times[0], max(times[-1] - times[0], 0.0)
        places = tuple(100 * (time - first) / span if span else 50.0 for time in times)
        values = [value for row in answer.rows for value in row[1:] if isinstance(value, float)]
        unit = answer.panel.columns[1].unit
        top = round_top(max(values, default=0.0))
        if unit == "count":
            top = max(top, 2.0)
        series = tuple(
            _series(number, column.label, places, [row[number] for row in answer.rows], top)
            for number, column in enumerate(answer.panel.columns[1:], 1)
        )
        steps = range(TICKS_Y + 1)
        ticks_y = [
            Tick(100 - 100 * n / TICKS_Y, axis_label(top * n / TICKS_Y, unit)) for n in steps
        ]
        return cls(series, _ticks_x(first, span), tuple(ticks_y), places)


def _series(
    number: int, label: str, places: tuple[float, ...], values: list[object], top: float
) -> Series:
    steps, last, drawing = [], "", False
    for place, value in zip(places, values, strict=True):
        if not isinstance(value, float):
            drawing = False
            continue
        point = f"{place:.2f} {100 - 100 * min(value / top, 1.0):.2f}"
        # A line of no length is a dot: a value between two gaps is seen too.
        steps.append(f"L{point}" if drawing else f"M{point}L{point}")
        last, drawing = f"M{point}L{point}", True
    return Series(number, label, "".join(steps), last)


def _ticks_x(first: float, span: float) -> tuple[Tick, ...]:
    if not span:
        return (Tick(50.0, time_label(first, span)),)
    steps = range(TICKS_X + 1)
    ticks = [Tick(100 * n / TICKS_X, time_label(first + span * n / TICKS_X, span)) for n in steps]
    labels = [tick.label for tick in ticks]
    return tuple(tick for n, tick in enumerate(ticks) if tick.label not in labels[:n])
