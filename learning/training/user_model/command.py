"""The command `live-intent learn user-model`."""

from typing import Any

import click

from learning.evaluation.command_options import FILE
from learning.training.command_options import bundle_options, run_options


@click.command("user-model")
@click.option("--items", "items_file", type=FILE, required=True, help="The catalogue.")
@click.option(
    "--sequences",
    "sequences_file",
    type=FILE,
    help="Rows {user_id, item_ids: [oldest first]}: JSON lines, gzip or not.",
)
@click.option(
    "--rows",
    "rows_file",
    type=FILE,
    help="Rows {user_id, query, history, target}, as for evaluate personalised-search: the gates "
    "are learned from them (beside --sequences nothing else).",
)
@click.option(
    "--events",
    "events_file",
    type=FILE,
    help="A UBI log, as for evaluate events: sessions with their queries.",
)
@click.option(
    "--users-not-in",
    type=FILE,
    metavar="FILE",
    help="Learn nothing from users that have a row in this file: they are the test.",
)
@click.option(
    "--whole",
    is_flag=True,
    help="Learn from each user's last event too. The re-ranker is trained on those: then it must "
    "have other users.",
)
@click.option(
    "--dims",
    type=click.IntRange(2),
    default=128,
    show_default=True,
    help="K, dimensions of the behaviour half.",
)
@click.option("--epochs", type=click.IntRange(1), default=5, show_default=True)
@click.option(
    "--negatives",
    type=click.IntRange(1),
    default=2048,
    show_default=True,
    help="Items drawn by popularity for each batch.",
)
@bundle_options
@run_options
def user_model(quiet: bool, device: str, **given: Any) -> None:
    """Learn what visitors do after what they did: item halves and a model of the session.

    The bundle that it writes is used by `live-intent index rebuild` (the item halves) and
    `live-intent serve` (the model), when LIVE_INTENT_BUNDLE names it.
    """
    if not any(given[name] for name in ("sequences_file", "rows_file", "events_file")):
        raise click.UsageError("nothing to learn from: give --sequences, --rows or --events")
    from indexer.encoder.number_format import choose_device
    from indexer.progress import for_terminal
    from learning.training.user_model.run import LearnUserModel
    from learning.training.user_model.trainer import UserModelTrainingSettings

    settings = UserModelTrainingSettings(
        device=choose_device(device),
        **{name: given.pop(name) for name in ("epochs", "negatives", "minutes", "seed")},
    )
    for line in LearnUserModel(settings=settings, progress=for_terminal(quiet), **given).run():
        click.echo(line)
