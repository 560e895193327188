"""The commands `live-intent evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from learning.evaluation.command_options import (
    FILE,
    JUDGMENTS_FORMAT,
    SPLIT,
    ablate_option,
    engine_option,
    output_options,
    setup_options,
    user_options,
)
from plugin_config.connection.cluster_address import ClusterAddress, cluster_options

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


@evaluate.command()
@click.option(
    "--judgments", "judgments_file", type=FILE, required=True,
    help="Rows of query, item_id, grade: JSON lines or CSV, gzip or not; qrels, Quepid, Workbench.",
)  # fmt: skip
@click.option(
    "--format", "judgments_format",
    type=JUDGMENTS_FORMAT,
    help="Of the judgments [seen by their content].",
)  # fmt: skip
@click.option("--queries", "queries_file", type=FILE, help="Of qrels: lines of id, tab, query.")
@click.option(
    "--run-file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Also write the hits as a TREC run; of several --legs a file each.",
)  # fmt: skip
@click.option(
    "--legs", multiple=True, metavar="LEG[,LEG]",
    help="Legs to search by: words, meaning. Repeatable: one row each, compared with the first "
    "[words, then words,meaning].",
)  # fmt: skip
@click.option(
    "--split", type=SPLIT, default="all", show_default=True,
    help="Part of the queries, by a hash of the query: 60, 20 and 20 %.",
)  # fmt: skip
@click.option(
    "--relevant", type=float, default=2.67, show_default=True,
    help="Least grade of a relevant item; the others, and unjudged ones, are worth nothing.",
)  # fmt: skip
@click.option("--judged-lists", is_flag=True, help="Also order each query's judged items alone.")
@engine_option("for a visitor of whom nothing is stored")
@setup_options
@output_options
def search(**options: Any) -> None:
    """Search the whole catalogue for judged queries: NDCG@10, Recall@10 and @100."""
    from learning.evaluation.tasks.search import SearchTask, legs_of

    output, setup = _output_and_setup(options)
    legs = [legs_of(text) for text in options.pop("legs") or ("words", "words,meaning")]
    output.write(SearchTask(setup, legs=legs, **options).run())


@evaluate.command("next-item")
@click.option(
    "--sequences", "sequences_file", type=FILE, required=True,
    help="Rows of user_id and item_ids, oldest first: JSON lines, gzip or not.",
)  # fmt: skip
@click.option(
    "--negatives", type=click.IntRange(1, 499), default=99, show_default=True,
    help="Items to rank the last one against, drawn by popularity.",
)  # fmt: skip
@setup_options
@user_options
@ablate_option
@output_options
def next_item(**options: Any) -> None:
    """A user's last item from those before it: among 99 others, and among all items.

    NDCG@10, Recall@10 and MRR of /v1/rank on the target and items drawn by popularity; then the
    measures of /v1/recommend over the whole catalogue. Beside it: popularity, and chance.
    """
    from learning.evaluation.tasks.next_item import NextItemTask

    output, setup = _output_and_setup(options)
    output.write(NextItemTask(setup, users=_users(options), **options).run())


@evaluate.command("personalised-search")
@click.option(
    "--rows", "rows_file", type=FILE, required=True,
    help="Rows of user_id, query, history (item ids, or objects of item_id, action, timestamp and "
    "text, oldest first) and target: JSON lines, gzip or not.",
)  # fmt: skip
@engine_option("with and without the person leg")
@setup_options
@user_options
@ablate_option
@output_options
def personalised_search(**options: Any) -> None:
    """A live query and a history, over the whole catalogue: together, and each alone.

    NDCG@10, Recall@10, MRR and Recall@100 of the target by the query alone, the history alone,
    both, and the query with another user's history. Items of the history are no hits.
    """
    from learning.evaluation.tasks.personalised_search import PersonalisedTask

    output, setup = _output_and_setup(options)
    output.write(PersonalisedTask(setup, users=_users(options), **options).run())


@evaluate.command()
@click.option(
    "--rows", "rows_file", type=FILE, required=True,
    help="Rows of user_id, query, history and target, as of personalised-search.",
)  # fmt: skip
@click.option(
    "--group", default="long_tail", show_default=True,
    help="Whose floor: long_tail, new, brand:NAME or category:PATH.",
)  # fmt: skip
@click.option(
    "--share", "shares", type=click.FloatRange(0, 1), multiple=True,
    default=(0.1, 0.2, 0.3, 0.4), show_default=True, help="A floor to try; repeatable.",
)  # fmt: skip
@click.option(
    "--max-cost", "max_costs", type=click.FloatRange(0, 1), multiple=True,
    default=(0.02, 0.05, 0.1, 1.0), show_default=True,
    help="The most of a list's relevance, by its scores, that a floor may cost; repeatable.",
)  # fmt: skip
@setup_options
@user_options
@output_options
def exposure(**options: Any) -> None:
    """What floors of exposure bring a group, and cost in relevance: a curve to choose from.

    NDCG@10 of the target, and the share of exposure of the long tail and of new items, for each
    floor; --report draws relevance over exposure. Then set LIVE_INTENT_EXPOSURE.
    """
    from learning.evaluation.tasks.exposure import ExposureTask
    from query_service.setting_texts.exposure_floors import check_floors

    try:
        check_floors({options["group"]: 0.0})
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--group") from error
    output, setup = _output_and_setup(options)
    output.write(ExposureTask(setup, users=_users(options), **options).run())


@evaluate.command()
@click.option(
    "--events", "events_file", type=FILE,
    help="A UBI export: a bulk file, or JSON lines of queries and events; gzip or not.",
)  # fmt: skip
@click.option("--cluster", is_flag=True, help="Read the cluster's own ubi_queries and ubi_events.")
@click.option(
    "--items", "items_file", type=FILE,
    help="The catalogue: for coverage, popularity and exposure [with --cluster: the items index].",
)  # fmt: skip
@click.option(
    "--map", "columns", multiple=True, metavar="FIELD=COLUMN", help="Which column gives a field."
)
@click.option("--since", help="From then on: 2026-11-01, or 7d, 24h before now.")
@click.option(
    "--click-action", "click_actions", multiple=True,
    help="Action that is a click on an item shown; repeatable [click].",
)  # fmt: skip
@click.option(
    "--clip", type=click.FloatRange(0, 1, min_open=True), default=0.05, show_default=True,
    help="Least propensity: no click weighs more than 1 / CLIP.",
)  # fmt: skip
@click.option("--simulated", is_flag=True, help="Say in the report that the log is simulated.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the bootstrap.")
@cluster_options
@output_options
def events(as_json: bool, directory: Path | None, baseline: Path | None, **options: Any) -> None:
    """Judge what was shown by what visitors did: clicks, as logged and corrected for position.

    Also how much of the catalogue is seen, how popular it is, and which brands and categories are
    seen most. Reads a UBI export (--events) or the cluster's own log (--cluster).
    """
    from learning.evaluation.report.output import Output
    from learning.evaluation.tasks.events import EventsTask

    output = Output.checked(as_json, directory, baseline)
    output.write(EventsTask(**options).run())


@evaluate.command()
@cluster_options
def clean(address: ClusterAddress) -> None:
    """Remove every index that evaluations made and kept."""
    from indexer.cli.cluster_session import ClusterSession
    from indexer.settings import IndexSettings
    from learning.evaluation.evaluation_index import all_made, remove
    from plugin_config.settings import load

    with ClusterSession(address) as cluster:
        cluster.begin_writing()
        for context in all_made(cluster.index_context(load(IndexSettings))):
            for index in remove(context):
                click.echo(f"removed {index}")


def _output_and_setup(options: dict[str, Any]) -> tuple["Output", "Setup"]:
    """Takes the options of output and setup out of `options`, checked before the work begins."""
    from indexer.progress import for_terminal
    from learning.evaluation.report.output import Output
    from learning.evaluation.workbench import Setup

    output = Output.checked(*map(options.pop, ("as_json", "directory", "baseline")))
    return output, Setup.from_options(options, for_terminal(options.pop("quiet")))


def _users(options: dict[str, Any]) -> "Users":
    """Takes the choice of users out of `options`."""
    from learning.data.users import Users

    split, users_from, users_not_in = map(options.pop, ("split", "users_from", "users_not_in"))
    return Users.read(split, users_from, users_not_in, options.pop("most_users") or 0)
