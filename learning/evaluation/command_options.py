"""Options that the commands of `live-intent evaluate` share."""

from pathlib import Path

import click

from plugin_config.connection.cluster_address import cluster_options
from plugin_config.option_groups import Option, options_of

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
SPLIT = click.Choice(["all", "train", "validation", "test"])
JUDGMENTS_FORMAT = click.Choice(["rows", "qrels", "quepid", "workbench"])

# The catalogue, the cluster and how to ask: the fields of `workbench.Setup`.
setup_options = options_of(
    click.option("--items", "items_file", type=FILE, required=True, help="The catalogue."),
    click.option(
        "--map", "columns", multiple=True, metavar="FIELD=COLUMN",
        help="Which column gives a field.",
    ),
    click.option("--mapping", "mapping_file", type=FILE, help="A TOML file: column mapping."),
    click.option("--ignore", multiple=True, metavar="COLUMN", help="Leave a column out."),
    click.option("--analyzer", help="Analyzer of the items' texts [LIVE_INTENT_ANALYZER]."),
    click.option(
        "--encoder", help="Model: a short name, a folder, a name [LIVE_INTENT_ENCODER]."
    ),
    click.option(
        "--layout", type=click.Choice(["sum", "concat"]), help="[LIVE_INTENT_LAYOUT]."
    ),
    click.option(
        "--exact", is_flag=True,
        help="Compare every vector, in place of HNSW: what the approximation loses.",
    ),
    click.option("--fresh", is_flag=True, help="Index the items again, though they are there."),
    click.option("--clean", "remove_after", is_flag=True, help="Remove the index at the end."),
    click.option("--threads", type=click.IntRange(1, 64), default=4, show_default=True),
    click.option(
        "--seed", type=click.IntRange(0), default=0, show_default=True,
        help="Of the bootstrap and of whatever is drawn.",
    ),
    cluster_options,
    click.option("--quiet", "-q", is_flag=True, help="No progress."),
)  # fmt: skip


# The users to evaluate (`data.users.Users.read`), and the source of popularity.
user_options = options_of(
    click.option(
        "--split", type=SPLIT, default="all", show_default=True,
        help="Part of the users, by a hash of the user_id: 60, 20 and 20 %.",
    ),
    click.option(
        "--users-from", type=FILE, metavar="FILE",
        help="Only users that have a row in this file (user_id).",
    ),
    click.option(
        "--users-not-in", type=FILE, metavar="FILE",
        help="No users that have a row in this file; nor does their behaviour count.",
    ),
    click.option(
        "--users", "most_users", type=click.IntRange(1), metavar="N",
        help="At most so many users, the first by a hash.",
    ),
    click.option(
        "--popularity-from", type=FILE, metavar="SEQUENCES",
        help="Count the items' popularity in these sequences, without last items: of users of "
        "the training split (--split), or of all that are neither asked nor in the files "
        "above. Else it is the catalogue's own.",
    ),
)  # fmt: skip


# A row for each part switched off.
ablate_option = options_of(
    click.option(
        "--ablate", is_flag=True,
        help="A row for each part switched off, with its difference to the whole.",
    ),
)  # fmt: skip


def engine_option(how: str) -> Option:
    """Whether the plugin inside OpenSearch is asked too; `how` says for whom."""
    return click.option(
        "--engine", type=click.Choice(["service", "plugin"]), default="service", show_default=True,
        help=f"plugin: also by the plugin inside OpenSearch, {how}.",
    )  # fmt: skip


# The destinations of a report: the arguments of `report.output.Output.checked`.
output_options = options_of(
    click.option(
        "--report", "directory", type=click.Path(path_type=Path), metavar="DIR",
        help="Also write a page with plots, index.html, and report.json into this folder.",
    ),
    click.option(
        "--baseline", type=FILE, metavar="REPORT.json",
        help="Also the difference, query by query, to an earlier run: its report.json.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print the report as JSON."),
)  # fmt: skip
