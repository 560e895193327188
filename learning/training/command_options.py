"""Options that the commands of `live-intent learn` share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def _all_of(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


bundle_options = _all_of(
    click.option(
        "--out", type=click.Path(path_type=Path), required=True, help="The bundle to write."
    ),
    click.option(
        "--from",
        "base",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        metavar="BUNDLE",
        help="A bundle to begin with: its parts are used and carried on, but for those that were "
        "learned on what is learned anew.",
    ),
    click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto"),
    click.option(
        "--checkpoints",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Keep the state here while it trains (and logs for TensorBoard): the same command "
        "goes on from it after a kill.",
    ),
)
# The re-ranker's has these from the setup that it shares with evaluations.
run_options = _all_of(
    click.option(
        "--minutes",
        type=click.FloatRange(0.01),
        default=30.0,
        show_default=True,
        help="Stop when they are over; the best weights until then are kept.",
    ),
    click.option("--seed", type=click.IntRange(0), default=0, show_default=True),
    click.option(
        "--map",
        "columns",
        multiple=True,
        metavar="FIELD=COLUMN",
        help="Which column of the catalogue gives a field.",
    ),
    click.option("--quiet", "-q", is_flag=True, help="No progress."),
)
