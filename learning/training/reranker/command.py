"""The command `live-intent learn reranker`."""

from typing import Any

import click

from learning.evaluation.command_options import FILE, setup_options
from learning.training.command_options import (
    bundle_options,
    file_option,
    users_not_in_option,
    value_option,
)


@click.command("reranker")
@setup_options
@file_option("rows", "Rows {user_id, query, history, target}, as for evaluate personalised-search.")
@file_option(
    "sequences",
    "Rows {user_id, item_ids: [oldest first]}: the last item is to be found by the others. "
    "Co-occurrence is counted in them.",
)
@file_option("judgments", "Judgments {query, item_id, grade}.")
@file_option("events", "A log of UBI queries and events.")
@users_not_in_option
@click.option(
    "--popularity-from", type=FILE, metavar="SEQUENCES",
    help="Count the items' popularity in these sequences, without last items. Else it is the "
    "catalogue's own, which must not have seen what is to be found.",
)  # fmt: skip
@value_option(
    "--loss", click.Choice(["both", "pairwise", "pairwise+listwise"]), "both",
    "both: the one that validates better is kept.",
)  # fmt: skip
@value_option(
    "--use", click.Choice(["network", "lightgbm", "best"]), "network",
    "What the bundle serves. best: for each kind of request (search, recommend, rank) what "
    "validates better. LightGBM needs the extra `learning` where it is served, too.",
)  # fmt: skip
@click.option(
    "--lists", "most", type=click.IntRange(1), default=6000, show_default=True,
    help="At most so many lists to train on.",
)  # fmt: skip
@value_option(
    "--negatives", click.IntRange(1), 99, "Items drawn by popularity for a list without a query."
)
@value_option(
    "--relevant", click.FloatRange(0), 2.67, "The grade from which an item counts in validation."
)
@value_option(
    "--clip", click.FloatRange(0.001, 1), 0.05,
    "The least propensity of a position: a click is worth at most 1 / it.",
)  # fmt: skip
@click.option(
    "--neighbours/--no-neighbours", default=True, show_default=True,
    help="Count which items the same visitors act on.",
)  # fmt: skip
@value_option("--epochs", click.IntRange(1), 30)
@bundle_options
def reranker(quiet: bool, device: str, loss: str, epochs: int, **options: Any) -> None:
    """Learn how to order what the legs find, from queries, histories, judgments or clicks.

    It asks the index as the service does, trains with each loss, and compares both with LightGBM
    on validation users (or queries). `live-intent serve` uses it when LIVE_INTENT_BUNDLE names the
    bundle.
    """
    sources = ("rows_file", "sequences_file", "judgments_file", "events_file")
    if not any(options[name] for name in sources):
        raise click.UsageError(
            "nothing to learn from: give --rows, --sequences, --judgments or --events"
        )
    from indexer.encoder.number_format import choose_device
    from indexer.progress import for_terminal
    from learning.evaluation.workbench import Setup
    from learning.training.reranker.losses import LOSSES
    from learning.training.reranker.run import LearnReranker
    from learning.training.reranker.trainer import RerankerTrainingSettings

    seed = options["seed"]
    settings = RerankerTrainingSettings(seed=seed, epochs=epochs, device=choose_device(device))
    losses = tuple(LOSSES) if loss == "both" else (loss,)
    options["bundle"] = options["base"]
    setup = Setup.from_options(options, for_terminal(quiet))  # takes its own out of `options`
    for line in LearnReranker(setup=setup, settings=settings, losses=losses, **options).run():
        click.echo(line)
