"""Plots as inline SVG, drawn by matplotlib; the style of the page sets their colours."""

import io
import re
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import numpy as np

from learning.evaluation.charts import Bars, Curve
from learning.evaluation.measures.intervals import Interval
from learning.evaluation.measures.metrics import Values
from plugin_config.errors import SettingsError

SERIES = 6  # colours of the style: no more lines are distinguishable in a plot
# Placeholders: the page's variables --ink, --line and --c1 ... --c6 replace them.
INK, LINE = "#010203", "#040506"
COLOURS = tuple(f"#0708{n:02x}" for n in range(1, SERIES + 1))
_STYLE = {
    "svg.fonttype": "none",  # text stays text: it can be read aloud, found and copied
    "text.parse_math": False,  # a title with two dollar signs is no formula
    "font.size": 9,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINE,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": LINE,
    "grid.linewidth": 0.5,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


def forest(
    name: str, means: Mapping[str, Interval], differences: Mapping[str, Mapping[str, Interval]]
) -> str:
    """A metric's mean and 95 % interval of each row; beside it the paired `differences`, a panel
    for each title.
    """
    panels = 1 + len(differences)
    alt = f"{name}: " + "; ".join(f"{label} {i.mean:.4f}" for label, i in means.items())
    size = (3.2 + 1.9 * panels, 0.9 + 0.3 * len(means))
    with _figure(*size, alt) as (figure, svgs):
        axes = np.ravel(figure.subplots(1, panels, sharey=True))
        _intervals(axes[0], list(means), means, COLOURS[0])
        axes[0].set_xlabel(name)
        for panel, (title, intervals) in zip(axes[1:], differences.items(), strict=True):
            _intervals(panel, list(means), intervals, COLOURS[1])
            panel.axvline(0, color=INK, linewidth=0.8)
            panel.set_xlabel(_short(title))
    return svgs[0]


def spread(name: str, values: Mapping[str, Values]) -> str:
    """The distribution of a metric over queries: a histogram, or of three rows and more, which
    would hide each other, the share of queries up to each value.
    """
    shown = {label: row[~np.isnan(row)] for label, row in list(values.items())[:SERIES]}
    every = np.concatenate(list(shown.values())) if shown else np.zeros(0)
    if not len(every):
        return ""
    low, high = float(every.min()), float(every.max())
    low, high = (min(low, 0.0), max(high, 1.0)) if high <= 1.5 else (low, high)
    edges = np.linspace(low, high if high > low else low + 1, 21)
    alt = f"Distribution of {name} over queries for {', '.join(shown)}"
    with _figure(4.6, 2.1, alt) as (figure, svgs):
        axes = figure.subplots()
        for (label, row), colour in zip(shown.items(), COLOURS, strict=False):
            if len(shown) > 2:
                axes.ecdf(row, color=colour, linewidth=1.4, label=label)
            else:
                counts = np.histogram(row, edges)[0] / max(len(row), 1)
                axes.stairs(counts, edges, color=colour, linewidth=1.6, label=label)
        axes.set_xlabel(name)
        axes.set_ylabel("share up to it" if len(shown) > 2 else "share of queries")
        _legend(axes, len(shown))
    return svgs[0]


def curve(shown: Curve) -> str:
    """Lines with points."""
    with _figure(6.4, 2.8, shown.alt) as (figure, svgs):
        axes = figure.subplots()
        for (label, values), colour in zip(shown.lines.items(), COLOURS, strict=False):
            axes.plot(shown.x, values, color=colour, marker="o", markersize=3, label=label)
        axes.set_xlabel(shown.x_label)
        axes.set_ylabel(shown.y_label)
        axes.set_ylim(bottom=0)
        if all(float(x).is_integer() for x in shown.x):
            axes.xaxis.get_major_locator().set_params(integer=True)
        _legend(axes, len(shown.lines))
    return svgs[0]


def bars(shown: Bars) -> str:
    """Horizontal bars, the first label on top."""
    each = len(shown.series)
    with _figure(7.0, 0.8 + 0.17 * (each + 0.7) * len(shown.labels), shown.alt) as (figure, svgs):
        axes = figure.subplots()
        rows = np.arange(len(shown.labels))
        height = 0.8 / max(each, 1)
        for n, ((label, values), colour) in enumerate(
            zip(shown.series.items(), COLOURS, strict=False)
        ):
            at = rows + (n - (each - 1) / 2) * height
            axes.barh(at, values, height, color=colour, label=label)
            if label in shown.low:
                axes.hlines(at, shown.low[label], shown.high[label], color=INK, linewidth=1)
        axes.set_yticks(rows, [_short(label) for label in shown.labels])
        axes.set_ylim(len(shown.labels) - 0.5, -0.5)
        axes.set_xlabel(shown.x_label)
        axes.grid(visible=False, axis="y")
        _legend(axes, each)
    return svgs[0]


def _intervals(
    axes: Any, labels: Sequence[str], intervals: Mapping[str, Interval], colour: str
) -> None:
    for row, label in enumerate(labels):
        interval = intervals.get(label)
        if interval is not None:
            axes.hlines(row, interval.low, interval.high, color=colour, linewidth=2)
            axes.plot([interval.mean], [row], marker="o", markersize=5, color=colour)
    axes.set_yticks(range(len(labels)), [_short(label) for label in labels])
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.locator_params(axis="x", nbins=4)
    axes.grid(visible=False, axis="y")


def _legend(axes: Any, count: int) -> None:
    if count > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)


def _short(label: str) -> str:
    return label if len(label) <= 34 else label[:33] + "…"


@contextmanager
def _figure(width: float, height: float, alt: str) -> Iterator[tuple[Any, list[str]]]:
    """A figure to draw into; its SVG is in the list when the block ends."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise SettingsError(
            "--report draws with matplotlib, which is not installed: pip install matplotlib"
        ) from None
    svgs: list[str] = []
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the browser has its own
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.patch.set_alpha(0)
        yield figure, svgs
        for axes in figure.axes:
            axes.patch.set_alpha(0)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svgs.append(_inline(buffer.getvalue(), alt))


def _inline(svg: str, alt: str) -> str:
    """The SVG element alone, with its alternative text, and colours left to the page."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    # matplotlib gives every plot the same ids, and an id must be unique in a page.
    mark = f"p{zlib.crc32(alt.encode()):08x}-"
    body = re.sub(r'\bid="', f'id="{mark}', body)
    body = body.replace("url(#", f"url(#{mark}").replace('xlink:href="#', f'xlink:href="#{mark}')
    names = {INK: "--ink", LINE: "--line"} | {c: f"--c{n}" for n, c in enumerate(COLOURS, 1)}
    for colour, name in names.items():
        body = body.replace(colour, f"var({name})")
    head = f'<svg role="img" aria-label="{escape(alt)}"'
    return body.replace("<svg", head, 1)


def left_out(labels: Sequence[str]) -> str:
    """The caption that says which rows `spread` does not show."""
    left = len(labels) - SERIES
    return f"The first {SERIES} rows; {left} more are left out." if left > 0 else ""
