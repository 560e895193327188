"""The command `live-intent learn encoder`."""

from typing import Any

import click

from learning.evaluation.command_options import FILE
from learning.training.command_options import bundle_options, run_options


@click.command()
@click.option("--items", "items_file", type=FILE, required=True, help="The catalogue.")
@click.option(
    "--judgments",
    "judgments_file",
    type=FILE,
    help="Rows {query, item_id, grade}, as for evaluate search.",
)
@click.option(
    "--rows",
    "rows_file",
    type=FILE,
    help="Rows {user_id, query, history, target}: the target answers the query.",
)
@click.option(
    "--method",
    type=click.Choice(["full", "lora", "ia3", "bias"]),
    default="full",
    show_default=True,
    help="What is trained: every weight, LoRA or IA3 adapters (merged at the end), or biases and "
    "norms.",
)
@click.option(
    "--relevant",
    type=float,
    default=2.67,
    show_default=True,
    help="Least grade of an item that answers a query.",
)
@click.option("--epochs", type=click.FloatRange(0, min_open=True), help="[default: by method]")
@click.option(
    "--learning-rate", type=click.FloatRange(0, min_open=True), help="[default: by method]"
)
@click.option("--batch", type=click.IntRange(2), default=64, show_default=True, help="Pairs.")
@click.option(
    "--hard",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Hard negatives of a pair: judged too low, or near the query by words or by meaning.",
)
@bundle_options
@run_options
def encoder(quiet: bool, device: str, **given: Any) -> None:
    """Tune the encoder on a shop's own queries, or on its catalogue alone.

    With --judgments or --rows an item that answers a query is drawn near it. With neither, an
    item's own words are its queries. To do both, learn from the catalogue first and go on --from
    that bundle. Every vector changes: rebuild the index with LIVE_INTENT_BUNDLE set to the bundle.
    """
    from indexer.encoder.number_format import choose_device
    from indexer.progress import for_terminal
    from learning.training.encoder.run import LearnEncoder
    from learning.training.encoder.trainer import DEFAULTS, TuningSettings

    chosen: dict[str, Any] = {
        name: given.pop(name)
        for name in ("method", "learning_rate", "epochs", "batch", "hard", "minutes", "seed")
    }
    given_ones = {name: value for name, value in chosen.items() if value is not None}
    settings = TuningSettings(
        device=choose_device(device), **{**DEFAULTS[chosen["method"]], **given_ones}
    )
    for line in LearnEncoder(settings=settings, progress=for_terminal(quiet), **given).run():
        click.echo(line)
