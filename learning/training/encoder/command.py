"""The command `live-intent learn encoder`."""

from typing import Any

import click

from learning.training.command_options import (
    bundle_options,
    file_option,
    items_option,
    run_options,
    value_option,
)


@click.command()
@items_option
@file_option("judgments", "Rows {query, item_id, grade}, as for evaluate search.")
@file_option("rows", "Rows {user_id, query, history, target}: the target answers the query.")
@value_option(
    "--method", click.Choice(["full", "lora", "ia3", "bias"]), "full",
    "What is trained: every weight, LoRA or IA3 adapters (merged at the end), or biases and norms.",
)  # fmt: skip
@value_option("--relevant", float, 2.67, "Least grade of an item that answers a query.")
@click.option("--epochs", type=click.FloatRange(0, min_open=True), help="[default: by method]")
@click.option(
    "--learning-rate", type=click.FloatRange(0, min_open=True), help="[default: by method]"
)
@value_option("--batch", click.IntRange(2), 64, "Pairs.")
@value_option(
    "--hard", click.IntRange(0), 1,
    "Hard negatives of a pair: judged too low, or near the query by words or by meaning.",
)  # fmt: skip
@bundle_options
@run_options
def encoder(quiet: bool, device: str, method: Any, **options: Any) -> None:
    """Tune the encoder on a shop's own queries, or on its catalogue alone.

    With --judgments or --rows an item that answers a query is drawn near it. With neither, an
    item's own words are its queries. To do both, learn from the catalogue first and go on --from
    that bundle. Every vector changes: rebuild the index with LIVE_INTENT_BUNDLE set to the bundle.
    """
    from indexer.encoder.number_format import choose_device
    from indexer.progress import for_terminal
    from learning.training.encoder.run import LearnEncoder
    from learning.training.encoder.trainer import LEARNING_RATES, EncoderTrainingSettings

    chosen: dict[str, Any] = {"learning_rate": LEARNING_RATES[method]}
    for name in ("learning_rate", "epochs", "batch", "hard", "minutes", "seed"):
        if (value := options.pop(name)) is not None:
            chosen[name] = value
    settings = EncoderTrainingSettings(method=method, device=choose_device(device), **chosen)
    for line in LearnEncoder(settings=settings, progress=for_terminal(quiet), **options).run():
        click.echo(line)
