"""Draw the validation curves of a bundle's trainings, from its manifest.

    python -m benchmarks.plots BUNDLE/manifest.json OUT.svg --data "games"

One panel for the user model and one for the re-ranker, if the bundle has them. Prints the SVG's
alternative text. Needs matplotlib (the extra `learning`).
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
SELECTED_BY = "NDCG@10"  # the measure that chooses the epoch
COLOURS = ("#1f6feb", "#b35900", "#1a7f37")  # distinct on white also for the colour-blind
STYLE = {
    "svg.fonttype": "none",  # text stays text: screen readers read it, readers copy it
    "svg.hashsalt": "live-intent",  # equal curves give equal files
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
Epochs = Sequence[Mapping[str, float]]


@click.command()
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--data", default="", help="What the bundle was learned from, for the titles.")
def main(manifest: Path, out: Path, data: str) -> None:
    """Draw the trainings of a learned bundle's MANIFEST into the file OUT."""
    parts = json.loads(manifest.read_text("utf-8")).get("parts", {})
    panels = [part for part in TITLES if part in parts]
    if not panels:
        raise click.ClickException(f"{manifest} has no user model and no re-ranker")
    svg, alt = chart({part: parts[part]["metrics"] for part in panels}, data)
    out.write_text(svg, "utf-8")
    click.echo(alt)


def chart(metrics: Mapping[str, Mapping[str, Any]], data: str = "") -> tuple[str, str]:
    """Return the SVG and its alternative text. `metrics`: the manifest's, by part."""
    import matplotlib
    from matplotlib.figure import Figure

    sentences = []
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4.2 * len(metrics), 3.1), layout="constrained")
        panels = figure.subplots(1, len(metrics), squeeze=False)[0]
        for axes, (part, values) in zip(panels, metrics.items(), strict=True):
            draw = user_model if part == "user_model" else reranker
            sentences.append(draw(axes, values))
            axes.set_title(f"{TITLES[part]}, {data}" if data else TITLES[part], loc="left")
            axes.set_xlabel("epoch (0: before training)")
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.legend(loc="lower right")
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    alt = (f"{data}: " if data else "") + " ".join(sentences)
    body = file.getvalue()
    body = re.sub(r"<metadata>.*?</metadata>", "", body[body.index("<svg") :], flags=re.DOTALL)
    head = f'<svg role="img" aria-label="{escape(alt)}"'
    return body.replace("<svg", head, 1), alt


def user_model(axes: Any, metrics: Mapping[str, Any]) -> str:
    """Draw NDCG@10 and Recall@10 over the whole catalogue; return a description of the panel."""
    epochs: Epochs = metrics["epochs"]
    for name, colour in zip((SELECTED_BY, "Recall@10"), COLOURS, strict=False):
        _line(axes, epochs, name, name, colour)
    axes.set_ylabel("validation, next item")
    axes.set_ylim(bottom=0)
    return _described("The user model's", epochs)


def reranker(axes: Any, metrics: Mapping[str, Any]) -> str:
    """Draw NDCG@10 of each loss and LightGBM's as a level; return a description of the panel."""
    sentences = []
    for (loss, epochs), colour in zip(metrics["history"].items(), COLOURS, strict=False):
        _line(axes, epochs, SELECTED_BY, loss, colour)
        sentences.append(_described(f"The re-ranker's, {loss},", epochs))
    trees = metrics.get(f"{SELECTED_BY}, lightgbm")
    if trees:
        axes.axhline(trees[0], color=COLOURS[2], linewidth=1, linestyle="--", label="LightGBM")
        sentences.append(f"LightGBM on the same lists: {trees[0]:.3f}.")
    # From 0 the lines would coincide.
    axes.set_ylabel(f"validation, {SELECTED_BY} (not from 0)")
    return " ".join(sentences)


def _line(axes: Any, epochs: Epochs, name: str, label: str, colour: str) -> None:
    numbers, values = [each["epoch"] for each in epochs], [each[name] for each in epochs]
    axes.plot(numbers, values, color=colour, marker=".", linewidth=1.3, label=label)


def _described(subject: str, epochs: Epochs) -> str:
    best = max(epochs, key=lambda each: each[SELECTED_BY])
    return (
        f"{subject} {SELECTED_BY} goes from {epochs[0][SELECTED_BY]:.3f} before training to "
        f"{best[SELECTED_BY]:.3f}, its best, after epoch {best['epoch']:g} of "
        f"{epochs[-1]['epoch']:g}."
    )


if __name__ == "__main__":
    main()
