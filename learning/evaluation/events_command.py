"""The command `live-intent evaluate events`: what a log of visits says."""

from pathlib import Path
from typing import Any

import click

from learning.evaluation.command_options import FILE, output_options


@click.command()
@click.option(
    "--events",
    "events_file",
    type=FILE,
    help="A UBI export: a bulk file, or JSON lines of queries and events; gzip or not.",
)
@click.option("--cluster", is_flag=True, help="Read the cluster's own ubi_queries and ubi_events.")
@click.option(
    "--items",
    "items_file",
    type=FILE,
    help="The catalogue: for coverage, popularity and exposure [with --cluster: the items index].",
)
@click.option(
    "--map", "columns", multiple=True, metavar="FIELD=COLUMN", help="Which column gives a field."
)
@click.option("--since", help="From then on: 2026-11-01, or 7d, 24h before now.")
@click.option(
    "--click-action",
    "click_actions",
    multiple=True,
    help="Action that is a click on an item shown; repeatable [click].",
)
@click.option(
    "--clip",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.05,
    show_default=True,
    help="Least propensity: no click weighs more than 1 / CLIP.",
)
@click.option("--simulated", is_flag=True, help="Say in the report that the log is simulated.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the bootstrap.")
@click.option("--url", help="Address of the cluster [LIVE_INTENT_OPENSEARCH_URL].")
@click.option("--prefix", help="Prefix of every name [LIVE_INTENT_INDEX_PREFIX].")
@output_options
def events(as_json: bool, directory: Path | None, baseline: Path | None, **given: Any) -> None:
    """Judge what was shown by what visitors did: clicks, as logged and corrected for position.

    Also how much of the catalogue is seen, how popular it is, and which brands and categories are
    seen most. Reads a UBI export (--events) or the cluster's own log (--cluster).
    """
    from learning.evaluation.report.output import Output
    from learning.evaluation.tasks.events import EventsTask

    output = Output.ready(as_json, directory, baseline)
    output.tell(EventsTask(**given).run())
