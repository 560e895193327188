"""Options that several `live-intent index` commands share."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from indexer.catalogue.formats.names import FORMAT_NAMES

if TYPE_CHECKING:
    from datetime import datetime

    from indexer.catalogue.reading.catalogue_file import CatalogueSource
    from indexer.catalogue.reading.column_map import ColumnMap

Command = TypeVar("Command", bound=Callable[..., Any])


def options_of(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """A decorator that adds all of these options, in this order."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


cluster_options = options_of(
    click.option("--url", help="Address of the cluster [LIVE_INTENT_OPENSEARCH_URL]."),
    click.option("--prefix", help="Prefix of every name [LIVE_INTENT_INDEX_PREFIX]."),
)
mapping_options = options_of(
    click.option(
        "--map",
        "columns",
        multiple=True,
        metavar="FIELD=COLUMN",
        help="Which column gives a field: title=name, attributes.colour=color. Repeatable; "
        "several columns of one field are joined, of category they are the path.",
    ),
    click.option(
        "--mapping",
        "mapping_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A TOML file with tables [fields] and [constants], and ignore, category_separator, "
        "format, delimiter, escape.",
    ),
    click.option("--ignore", multiple=True, metavar="COLUMN", help="Leave a column out."),
    click.option(
        "--public",
        multiple=True,
        metavar="NAME",
        help="A public attribute, in hits and filters; '*' stands for any characters. Repeatable "
        "[LIVE_INTENT_PUBLIC_ATTRIBUTES].",
    ),
    click.option("--category-separator", help="Between the parts of a category path [' > ']."),
    click.option("--paths-separator", help="Between several category paths in one text [none]."),
    click.option(
        "--decimal-sign",
        type=click.Choice([".", ","]),
        help="Decides 1.299 and 1,299 [by the prices, and the rule in docs/catalogues.md].",
    ),
    click.option(
        "--date-order",
        type=click.Choice(["dmy", "mdy"]),
        help="Decides 05/01/2024 [such dates are left out].",
    ),
    click.option(
        "--strict",
        is_flag=True,
        default=None,
        help="A value that can't be read makes its row bad, instead of an item without it.",
    ),
)
catalogue_options = options_of(
    click.argument("catalogue", metavar="CATALOGUE"),
    mapping_options,
    click.option(
        "--duplicates",
        type=click.Choice(["reject", "last"]),
        help="Of rows with one item_id: the first counts and the others are bad rows (reject), or "
        "the last counts [reject].",
    ),
    click.option(
        "--format",
        "file_format",
        type=click.Choice(FORMAT_NAMES),
        default="auto",
        show_default=True,
        help="What the catalogue is, instead of what is recognised; gzip always is.",
    ),
    click.option(
        "--encoding",
        help="Such as windows-1251 [UTF-8, UTF-16, UTF-32 and windows-1252 are recognised].",
    ),
    click.option(
        "--rejects",
        "rejects_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Where bad rows go, as JSON lines [<catalogue>.rejects.jsonl in this folder].",
    ),
    click.option(
        "--max-rejects",
        metavar="N|N%",
        help="Stop, with nothing written, at more bad rows than that [LIVE_INTENT_MAX_REJECTS].",
    ),
)
encoder_options = options_of(
    click.option("--encoder", help="Model: a short name, a folder, a name [LIVE_INTENT_ENCODER]."),
    click.option(
        "--layout",
        type=click.Choice(["sum", "concat"]),
        help="Layout of item vectors [LIVE_INTENT_LAYOUT].",
    ),
)
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


def column_map(reading: dict[str, Any], public_attributes: str) -> "ColumnMap":
    """The column mapping that the options name; `public_attributes` as in `catalogue_source`."""
    from indexer.catalogue.attributes.public_attributes import PublicAttributes
    from indexer.catalogue.reading.column_map import ColumnMap
    from indexer.catalogue.reading_rules import RULES

    named = reading["public"]
    mapping = ColumnMap.parse(
        reading["columns"],
        reading["mapping_file"],
        reading["ignore"],
        **{name: reading.get(name) for name in (*RULES, "encoding")},
        public=PublicAttributes.of(named) if named else None,
    )
    if mapping.public.names is None:
        mapping = replace(mapping, public=PublicAttributes.parse(public_attributes))
    return mapping


def catalogue_source(
    catalogue: str, reading: dict[str, Any], public_attributes: str
) -> "CatalogueSource":
    """The catalogue that the argument and the catalogue options name.

    `public_attributes`: the setting, for a catalogue whose options and mapping file say nothing.
    """
    from indexer.catalogue.reading.catalogue_file import CatalogueSource
    from plugin_config.errors import SettingsError

    mapping = column_map(reading, public_attributes)
    source = Path("stdin" if catalogue == "-" else catalogue)
    rejects: Path = reading["rejects_file"] or Path(f"{source.name}.rejects.jsonl")
    if os.path.exists(rejects) and os.path.exists(source) and rejects.samefile(source):
        raise SettingsError(f"--rejects {rejects} is the catalogue itself: name another file")
    return CatalogueSource(catalogue, mapping, reading["file_format"], rejects)


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
