"""A panel's answer in the form in which the page's template shows it."""

from dataclasses import dataclass

from query_service.insights.panel import Column
from query_service.insights.panel_answers import PanelAnswer
from query_service.web.insights.formats import shown
from query_service.web.insights.line_plot import LinePlot


@dataclass(frozen=True)
class ShownRow:
    """A row of texts. `bar`: per cent of the longest; `place`: on the axis of time."""

    cells: tuple[str, ...]
    bar: float = 0.0
    place: float = 0.0


@dataclass(frozen=True)
class ShownPanel:
    """A panel as texts and geometry; without rows it says so."""

    answer: PanelAnswer
    rows: tuple[ShownRow, ...]
    plot: LinePlot | None = None

    @classmethod
    def of(cls, answer: PanelAnswer) -> "ShownPanel":
        rows = () if answer.is_empty else answer.rows
        plot = LinePlot.of(answer) if rows and answer.panel.kind == "lines" else None
        with_bars = answer.panel.kind == "table" and answer.panel.columns[0].unit == "text"
        numbers = [row[1] for row in rows] if with_bars else []
        most = max((number for number in numbers if isinstance(number, float)), default=0.0)
        shown_rows = []
        for number, row in enumerate(rows):
            pairs = zip(answer.panel.columns, row, strict=True)
            cells = tuple(shown(value, column.unit) for column, value in pairs)
            first = row[1] if most and len(row) > 1 else None
            bar = 100 * first / most if isinstance(first, float) else 0.0
            shown_rows.append(ShownRow(cells, bar, plot.places[number] if plot else 0.0))
        return cls(answer, tuple(shown_rows), plot)

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.answer.panel.columns

    @property
    def figures(self) -> list[tuple[str, str]]:
        """Label and text of each number, of the only row."""
        texts = self.rows[0].cells if self.rows else ()
        return [(column.label, text) for column, text in zip(self.columns, texts, strict=False)]
