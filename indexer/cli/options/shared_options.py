"""Single options that several `live-intent index` commands share."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from plugin_config.option_groups import options_of

if TYPE_CHECKING:
    from datetime import datetime

dead_letters_option = click.option(
    "--dead-letters",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where changes go that can't be applied, to be fed to index follow "
    "[<catalogue>.dead.jsonl in this folder].",
)
facet_option = click.option(
    "--facet",
    "facets",
    multiple=True,
    metavar="attributes.NAME",
    help="An attribute that is a facet; '*' stands for any characters. Repeatable "
    "[LIVE_INTENT_FACETS: those of low cardinality].",
)
output_options = options_of(
    click.option("--quiet", "-q", is_flag=True, help="No progress."),
    click.option("--json", "as_json", is_flag=True, help="Print the report as JSON."),
)


def option_time(given: str | None, option: str) -> "datetime | None":
    """The time that an option names, as catalogues write times. Raises SettingsError."""
    from indexer.catalogue.values.text import ValueProblem
    from indexer.catalogue.values.times import to_time
    from plugin_config.errors import SettingsError

    if given is None:
        return None
    try:
        return to_time(given, option)
    except ValueProblem as problem:
        raise SettingsError(f"{problem}: write 2026-11-26T02:00:00Z") from None
