"""The commands `live-intent evaluate`: how good is it, on whose data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
Command = TypeVar("Command", bound=Callable[..., Any])


def output_options(command: Command) -> Command:
    """Where a report goes: `learning.output.Output.ready` takes what these options give."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the report as JSON."),
        click.option(
            "--baseline",
            type=FILE,
            metavar="REPORT.json",
            help="Also the difference, query by query, to an earlier run: its report.json.",
        ),
        click.option(
            "--report",
            "directory",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="Also write a page with plots, index.html, and report.json into this folder.",
        ),
    ):
        command = option(command)
    return command


@click.group()
def evaluate() -> None:
    """Measure the quality of search, through the real engine and the service's own code."""


@evaluate.command()
@click.option("--items", "items_file", type=FILE, required=True, help="The catalogue.")
@click.option(
    "--judgments",
    "judgments_file",
    type=FILE,
    required=True,
    help="Rows of query, item_id, grade: JSON lines or CSV, gzip or not.",
)
@click.option(
    "--legs",
    multiple=True,
    metavar="LEG[,LEG]",
    help="Legs to search by: words, meaning. Repeatable: one row each, compared with the first "
    "[words, then words,meaning].",
)
@click.option(
    "--split",
    type=click.Choice(["all", "train", "validation", "test"]),
    default="all",
    show_default=True,
    help="Part of the queries, by a hash of the query: 60, 20 and 20 %.",
)
@click.option(
    "--relevant",
    type=float,
    default=2.67,
    show_default=True,
    help="Least grade of a relevant item; the others, and unjudged ones, are worth nothing.",
)
@click.option("--judged-lists", is_flag=True, help="Also order each query's judged items alone.")
@click.option(
    "--map", "columns", multiple=True, metavar="FIELD=COLUMN", help="Which column gives a field."
)
@click.option("--mapping", "mapping_file", type=FILE, help="A TOML file with the column mapping.")
@click.option("--ignore", multiple=True, metavar="COLUMN", help="Leave a column out.")
@click.option("--analyzer", help="Analyzer of the items' texts [LIVE_INTENT_ANALYZER].")
@click.option("--encoder", help="Model: a short name, a folder, a name [LIVE_INTENT_ENCODER].")
@click.option("--layout", type=click.Choice(["sum", "concat"]), help="[LIVE_INTENT_LAYOUT].")
@click.option("--fresh", is_flag=True, help="Index the items anew, though they are there.")
@click.option("--clean", "remove_after", is_flag=True, help="Remove the index at the end.")
@click.option("--threads", type=click.IntRange(1, 64), default=4, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the bootstrap.")
@click.option("--url", help="Address of the cluster [LIVE_INTENT_OPENSEARCH_URL].")
@click.option("--prefix", help="Prefix of every name [LIVE_INTENT_INDEX_PREFIX].")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
@output_options
def search(
    as_json: bool, directory: Path | None, baseline: Path | None, quiet: bool, **given: Any
) -> None:
    """Search the whole catalogue for judged queries: NDCG@10, Recall@10 and @100.

    The items are indexed below a prefix of their own (evaluate-...), which is kept for the next
    run; the shop's own index is left alone. Ends with status 1 when an answer lacked a part.
    """
    from indexer.progress import for_terminal
    from learning.output import Output
    from learning.search_task import SearchTask, legs_of

    output = Output.ready(as_json, directory, baseline)
    legs = [legs_of(text) for text in given.pop("legs") or ("words", "words,meaning")]
    output.tell(SearchTask(legs=legs, progress=for_terminal(quiet), **given).run())


@evaluate.command()
@click.option("--url", help="Address of the cluster [LIVE_INTENT_OPENSEARCH_URL].")
@click.option("--prefix", help="Prefix of every name [LIVE_INTENT_INDEX_PREFIX].")
def clean(url: str | None, prefix: str | None) -> None:
    """Remove every index that evaluations made and kept."""
    from indexer.cluster_session import ClusterSession
    from learning.evaluation_index import all_made, remove

    with ClusterSession(url, prefix) as cluster:
        for names in all_made(cluster.client, cluster.names):
            for index in remove(cluster.client, names, cluster.settings.bundles_dir):
                click.echo(f"removed {index}")
