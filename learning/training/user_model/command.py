"""The command `live-intent learn user-model`."""

from typing import Any

import click

from learning.training.command_options import (
    bundle_options,
    file_option,
    items_option,
    run_options,
    users_not_in_option,
    value_option,
)


@click.command("user-model")
@items_option
@file_option("sequences", "Rows {user_id, item_ids: [oldest first]}: JSON lines, gzip or not.")
@file_option(
    "rows",
    "Rows {user_id, query, history, target}, as for evaluate personalised-search: the gates are "
    "learned from them (beside --sequences nothing else).",
)
@file_option("events", "A UBI log, as for evaluate events: sessions with their queries.")
@users_not_in_option
@click.option(
    "--whole", is_flag=True,
    help="Learn from each user's last event too. The re-ranker is trained on those: then it must "
    "have other users.",
)  # fmt: skip
@value_option("--dims", click.IntRange(2), 128, "K, dimensions of the behaviour half.")
@value_option("--epochs", click.IntRange(1), 5)
@value_option("--negatives", click.IntRange(1), 2048, "Items drawn by popularity for each batch.")
@bundle_options
@run_options
def user_model(quiet: bool, device: str, **options: Any) -> None:
    """Learn what visitors do after what they did: item halves and a model of the session.

    The bundle that it writes is used by `live-intent index rebuild` (the item halves) and
    `live-intent serve` (the model), when LIVE_INTENT_BUNDLE names it.
    """
    if not any(options[name] for name in ("sequences_file", "rows_file", "events_file")):
        raise click.UsageError("nothing to learn from: give --sequences, --rows or --events")
    from indexer.encoder.number_format import choose_device
    from indexer.progress import for_terminal
    from learning.training.user_model.run import LearnUserModel
    from learning.training.user_model.trainer import UserModelTrainingSettings

    settings = UserModelTrainingSettings(
        device=choose_device(device),
        **{name: options.pop(name) for name in ("epochs", "negatives", "minutes", "seed")},
    )
    for line in LearnUserModel(settings=settings, progress=for_terminal(quiet), **options).run():
        click.echo(line)
