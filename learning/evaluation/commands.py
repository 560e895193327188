"""The commands `live-intent evaluate`: how good is it, on whose data."""

from typing import TYPE_CHECKING, Any

import click

from learning.evaluation.command_options import (
    FILE,
    SPLIT,
    output_options,
    setup_options,
    user_options,
)
from learning.evaluation.events_command import events

if TYPE_CHECKING:
    from learning.data.users import Users
    from learning.evaluation.report.output import Output
    from learning.evaluation.workbench import Setup


@click.group()
def evaluate() -> None:
    """Measure the quality of search and recommendation, through the real engine and service.

    Items are indexed below a prefix of their own (evaluate-...), which is kept for the next run;
    the shop's own index is left alone. A task ends with status 1 when an answer lacked a part.
    """


evaluate.add_command(events)


@evaluate.command()
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
    type=SPLIT,
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
@setup_options
@output_options
def search(**given: Any) -> None:
    """Search the whole catalogue for judged queries: NDCG@10, Recall@10 and @100."""
    from learning.evaluation.tasks.search import SearchTask, legs_of

    output, setup = _begin(given)
    legs = [legs_of(text) for text in given.pop("legs") or ("words", "words,meaning")]
    output.tell(SearchTask(setup, legs=legs, **given).run())


@evaluate.command("next-item")
@click.option(
    "--sequences",
    "sequences_file",
    type=FILE,
    required=True,
    help="Rows of user_id and item_ids, oldest first: JSON lines, gzip or not.",
)
@click.option(
    "--negatives",
    type=click.IntRange(1, 499),
    default=99,
    show_default=True,
    help="Items that the last one is to be told from, drawn by popularity.",
)
@setup_options
@user_options
@output_options
def next_item(**given: Any) -> None:
    """A user's last item from those before it: among 99 others, and among all items.

    NDCG@10, Recall@10 and MRR of /v1/rank on the target and items drawn by popularity; then the
    measures of /v1/recommend over the whole catalogue. Beside it: popularity, and chance.
    """
    from learning.evaluation.tasks.next_item import NextItemTask

    output, setup = _begin(given)
    output.tell(NextItemTask(setup, users=_users(given), **given).run())


@evaluate.command("personalised-search")
@click.option(
    "--rows",
    "rows_file",
    type=FILE,
    required=True,
    help="Rows of user_id, query, history (item ids, or objects of item_id, action, timestamp and "
    "text, oldest first) and target: JSON lines, gzip or not.",
)
@setup_options
@user_options
@output_options
def personalised_search(**given: Any) -> None:
    """A live query and a history, over the whole catalogue: together, and each alone.

    NDCG@10, Recall@10, MRR and Recall@100 of the target by the query alone, the history alone,
    both, and the query with another user's history. Items of the history are no hits.
    """
    from learning.evaluation.tasks.personalised_search import PersonalisedTask

    output, setup = _begin(given)
    output.tell(PersonalisedTask(setup, users=_users(given), **given).run())


@evaluate.command()
@click.option("--url", help="Address of the cluster [LIVE_INTENT_OPENSEARCH_URL].")
@click.option("--prefix", help="Prefix of every name [LIVE_INTENT_INDEX_PREFIX].")
def clean(url: str | None, prefix: str | None) -> None:
    """Remove every index that evaluations made and kept."""
    from indexer.cli.cluster_session import ClusterSession
    from indexer.settings import IndexSettings
    from learning.evaluation.evaluation_index import all_made, remove
    from plugin_config.settings import load

    with ClusterSession(url, prefix) as cluster:
        for context in all_made(cluster.index_context(load(IndexSettings))):
            for index in remove(context):
                click.echo(f"removed {index}")


def _begin(given: dict[str, Any]) -> tuple["Output", "Setup"]:
    """Takes the options of output and setup out of `given`, checked before the work begins."""
    from indexer.progress import for_terminal
    from learning.evaluation.report.output import Output
    from learning.evaluation.workbench import Setup

    output = Output.ready(given.pop("as_json"), given.pop("directory"), given.pop("baseline"))
    return output, Setup.taken(given, for_terminal(given.pop("quiet")))


def _users(given: dict[str, Any]) -> "Users":
    """Takes the choice of users out of `given`."""
    from learning.data.users import Users

    return Users.read(
        given.pop("split"),
        given.pop("users_from"),
        given.pop("users_not_in"),
        given.pop("most_users") or 0,
    )
