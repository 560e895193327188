"""Options that the commands of `live-intent learn` share."""

from pathlib import Path
from typing import Any

import click

from learning.evaluation.command_options import FILE
from plugin_config.option_groups import Option, options_of


def file_option(name: str, description: str, *, required: bool = False) -> Option:
    """The option --NAME of an existing file, in the command's parameter `NAME_file`."""
    return click.option(f"--{name}", f"{name}_file", type=FILE, required=required, help=description)


def value_option(name: str, kind: Any, default: Any, description: str | None = None) -> Option:
    """An option whose default is shown."""
    return click.option(name, type=kind, default=default, show_default=True, help=description)


items_option = file_option("items", "The catalogue.", required=True)
users_not_in_option = click.option(
    "--users-not-in", type=FILE, metavar="FILE",
    help="Learn nothing from users that have a row in this file: they are the test.",
)  # fmt: skip
bundle_options = options_of(
    click.option(
        "--out", type=click.Path(path_type=Path), required=True, help="The bundle to write."
    ),
    click.option(
        "--from", "base", type=click.Path(path_type=Path, file_okay=False, exists=True),
        metavar="BUNDLE",
        help="A bundle to begin with: its parts are used and carried on, but for those that were "
        "learned on what is learned again.",
    ),
    click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto"),
    click.option(
        "--checkpoints", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
        help="Keep the state here while it trains (and logs for TensorBoard): the same command "
        "resumes from it after a kill.",
    ),
)  # fmt: skip
# The re-ranker's has these from the setup that it shares with evaluations.
run_options = options_of(
    value_option(
        "--minutes", click.FloatRange(0.01), 30.0,
        "Stop when they are over; the best weights until then are kept.",
    ),
    value_option("--seed", click.IntRange(0), 0),
    click.option(
        "--map", "columns", multiple=True, metavar="FIELD=COLUMN",
        help="Which column of the catalogue gives a field.",
    ),
    click.option("--quiet", "-q", is_flag=True, help="No progress."),
)  # fmt: skip
