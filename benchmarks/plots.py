"""Draws how a bundle was trained, epoch by epoch, from what its manifest says.

    python -m benchmarks.plots BUNDLE/manifest.json OUT.svg --data "games"

One panel for the user model and one for the re-ranker, as far as the bundle has them. Prints the
alternative text, which is in the SVG too. Needs matplotlib (the extra `learning`).
"""

import io
import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import click

TITLES = {"user_model": "user model", "reranker": "re-ranker"}
WINNER = "NDCG@10"
COLOURS = ("#1f6feb", "#b35900", "#1a7f37")  # told apart on white also by the colour-blind
STYLE = {
    "svg.fonttype": "none",  # text stays text: it can be read aloud, found and copied
    "svg.hashsalt": "live-intent",  # the same figures give the same file
    "font.size": 9,
    "font.family": "sans-serif",
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#d8dee4",
    "grid.linewidth": 0.5,
    "legend.frameon": False,
}
Rows = Sequence[Mapping[str, float]]


@click.command()
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--data", default="", help="What the bundle was learned from, for the titles.")
def main(manifest: Path, out: Path, data: str) -> None:
    """Draw the trainings of a learned bundle's MANIFEST into the file OUT."""
    parts = json.loads(manifest.read_text("utf-8")).get("parts", {})
    panels = [part for part in TITLES if part in parts]
    if not panels:
        raise click.ClickException(f"{manifest} tells of no user model and of no re-ranker")
    svg, alt = drawn({part: parts[part]["metrics"] for part in panels}, data)
    out.write_text(svg, "utf-8")
    click.echo(alt)


def drawn(metrics: Mapping[str, Mapping[str, Any]], data: str = "") -> tuple[str, str]:
    """The SVG, and its alternative text. `metrics`: of the manifest, by part."""
    import matplotlib
    from matplotlib.figure import Figure

    told = []
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4.2 * len(metrics), 3.1), layout="constrained")
        for axes, (part, found) in zip(
            figure.subplots(1, len(metrics), squeeze=False)[0], metrics.items(), strict=True
        ):
            draw = user_model if part == "user_model" else reranker
            told.append(draw(axes, found))
            axes.set_title(f"{TITLES[part]}, {data}" if data else TITLES[part], loc="left")
            axes.set_xlabel("epoch (0: before training)")
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.legend(loc="lower right")
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    alt = (f"{data}: " if data else "") + " ".join(told)
    body = written.getvalue()
    body = re.sub(r"<metadata>.*?</metadata>", "", body[body.index("<svg") :], flags=re.DOTALL)
    head = f'<svg role="img" aria-label="{escape(alt)}"'
    return body.replace("<svg", head, 1), alt


def user_model(axes: Any, metrics: Mapping[str, Any]) -> str:
    """NDCG@10 and Recall@10 over the whole catalogue; what the panel shows, in words."""
    rows: Rows = metrics["epochs"]
    for name, colour in zip((WINNER, "Recall@10"), COLOURS, strict=False):
        _line(axes, rows, name, name, colour)
    axes.set_ylabel("validation, next item")
    axes.set_ylim(bottom=0)
    return _in_words("The user model's", rows)


def reranker(axes: Any, metrics: Mapping[str, Any]) -> str:
    """NDCG@10 of each loss, and LightGBM's as a level; what the panel shows, in words."""
    told = []
    for (loss, rows), colour in zip(metrics["history"].items(), COLOURS, strict=False):
        _line(axes, rows, WINNER, loss, colour)
        told.append(_in_words(f"The re-ranker's, {loss},", rows))
    rival = metrics.get(f"{WINNER}, lightgbm")
    if rival:
        axes.axhline(rival[0], color=COLOURS[2], linewidth=1, linestyle="--", label="LightGBM")
        told.append(f"LightGBM on the same lists: {rival[0]:.3f}.")
    axes.set_ylabel(f"validation, {WINNER} (not from 0)")  # the lines would lie on each other
    return " ".join(told)


def _line(axes: Any, rows: Rows, name: str, label: str, colour: str) -> None:
    epochs, values = [row["epoch"] for row in rows], [row[name] for row in rows]
    axes.plot(epochs, values, color=colour, marker=".", linewidth=1.3, label=label)


def _in_words(whose: str, rows: Rows) -> str:
    best = max(rows, key=lambda row: row[WINNER])
    return (
        f"{whose} {WINNER} goes from {rows[0][WINNER]:.3f} before training to {best[WINNER]:.3f}, "
        f"its best, after epoch {best['epoch']:g} of {rows[-1]['epoch']:g}."
    )


if __name__ == "__main__":
    main()
