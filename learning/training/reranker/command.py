"""The command `live-intent learn reranker`."""

from typing import Any

import click

from learning.evaluation.command_options import FILE, setup_options
from learning.training.command_options import bundle_options


@click.command("reranker")
@setup_options
@click.option(
    "--rows",
    "rows_file",
    type=FILE,
    help="Rows {user_id, query, history, target}, as for evaluate personalised-search.",
)
@click.option(
    "--sequences",
    "sequences_file",
    type=FILE,
    help="Rows {user_id, item_ids: [oldest first]}: the last item is to be found by the others. "
    "Neighbours are counted in them.",
)
@click.option("--judgments", "judgments_file", type=FILE, help="Judgments {query, item_id, grade}.")
@click.option("--events", "events_file", type=FILE, help="A log of UBI queries and events.")
@click.option(
    "--users-not-in",
    type=FILE,
    metavar="FILE",
    help="Learn nothing from users that have a row in this file: they are the test.",
)
@click.option(
    "--popularity-from",
    type=FILE,
    metavar="SEQUENCES",
    help="Count the items' popularity in these sequences, without last items. Else it is the "
    "catalogue's own, which must not have seen what is to be found.",
)
@click.option(
    "--loss",
    type=click.Choice(["both", "pairwise", "pairwise+listwise"]),
    default="both",
    show_default=True,
    help="both: the one that validates better is kept.",
)
@click.option(
    "--use",
    type=click.Choice(["network", "lightgbm", "best"]),
    default="network",
    show_default=True,
    help="What the bundle serves. best: for each kind of request (search, recommend, rank) what "
    "validates better. LightGBM needs the extra `learning` where it is served, too.",
)
@click.option(
    "--lists",
    "most",
    type=click.IntRange(1),
    default=6000,
    show_default=True,
    help="At most so many lists to train on.",
)
@click.option(
    "--negatives",
    type=click.IntRange(1),
    default=99,
    show_default=True,
    help="Items drawn by popularity for a list without a query.",
)
@click.option(
    "--relevant",
    type=click.FloatRange(0),
    default=2.67,
    show_default=True,
    help="The grade from which an item counts in validation.",
)
@click.option(
    "--clip",
    type=click.FloatRange(0.001, 1),
    default=0.05,
    show_default=True,
    help="The least propensity of a position: a click is worth at most 1 / it.",
)
@click.option(
    "--neighbours/--no-neighbours",
    default=True,
    show_default=True,
    help="Count which items the same visitors act on.",
)
@click.option("--epochs", type=click.IntRange(1), default=30, show_default=True)
@bundle_options
def reranker(quiet: bool, device: str, loss: str, epochs: int, **given: Any) -> None:
    """Learn how to order what the legs find, from queries, histories, judgments or clicks.

    It asks the index as the service does, trains with each loss, and compares both with LightGBM
    on validation users (or queries). `live-intent serve` uses it when LIVE_INTENT_BUNDLE names the
    bundle.
    """
    sources = ("rows_file", "sequences_file", "judgments_file", "events_file")
    if not any(given[name] for name in sources):
        raise click.UsageError(
            "nothing to learn from: give --rows, --sequences, --judgments or --events"
        )
    from indexer.encoder.number_format import choose_device
    from indexer.progress import for_terminal
    from learning.evaluation.workbench import Setup
    from learning.training.reranker.losses import LOSSES
    from learning.training.reranker.run import LearnReranker
    from learning.training.reranker.trainer import RerankerTrainingSettings

    given["bundle"] = given["base"]
    seed = given["seed"]
    settings = RerankerTrainingSettings(seed=seed, epochs=epochs, device=choose_device(device))
    losses = tuple(LOSSES) if loss == "both" else (loss,)
    setup = Setup.taken(given, for_terminal(quiet))
    for line in LearnReranker(setup=setup, settings=settings, losses=losses, **given).run():
        click.echo(line)
