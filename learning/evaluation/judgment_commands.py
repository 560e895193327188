"""The commands `live-intent judgments`: exchange with TREC, Quepid and the Workbench."""

from pathlib import Path

import click

from learning.evaluation.command_options import FILE, JUDGMENTS_FORMAT
from plugin_config.connection.cluster_address import ClusterAddress, cluster_options

OUT = click.Path(dir_okay=False, path_type=Path)


@click.group()
def judgments() -> None:
    """Judgments and impressions in the forms of other tools."""


@judgments.command()
@click.argument("source", type=FILE)
@click.argument("target", type=OUT)
@click.option("--to", "wanted", type=JUDGMENTS_FORMAT, required=True, help="Format of TARGET.")
@click.option(
    "--from", "given", type=JUDGMENTS_FORMAT, help="Format of SOURCE [seen by its content]."
)
@click.option("--queries", "queries_file", type=FILE, help="Of qrels: lines of id, tab, query.")
def convert(
    source: Path, target: Path, wanted: str, given: str | None, queries_file: Path | None
) -> None:
    """Write the judgments of SOURCE to TARGET in another format.

    rows: JSON lines or CSV of query, item_id, grade; qrels: TREC; quepid: CSV of query, docid,
    rating; workbench: JSON of the OpenSearch Search Relevance Workbench. What can't be used is
    said with its line.
    """
    from learning.data.datasets import read_judgments
    from learning.data.exchange.judgment_files import write_judgments
    from learning.data.exchange.query_texts import read_query_texts

    texts = read_query_texts(queries_file) if queries_file else None
    read = read_judgments(source, None, given, texts)
    ids = {text: query_id for query_id, text in texts.items()} if texts is not None else None
    written = write_judgments(target, read.grades, wanted, ids)
    for line in read.remarks.lines():
        click.echo(line, err=True)
    count = sum(map(len, read.grades.values()))
    click.echo(f"{count} judgments of {len(read.queries)} queries in {target}")
    if written is not None:
        click.echo(f"texts of the queries in {written}")


@judgments.command()
@click.argument("target", type=OUT)
@click.option("--events", "events_file", type=FILE, help="A UBI export: a bulk or JSON lines file.")
@click.option("--cluster", is_flag=True, help="Read the cluster's own ubi_queries and ubi_events.")
@click.option("--index", default="ubi_events", show_default=True, help="Named in the bulk file.")
@click.option("--since", help="From then on: 2026-11-01, or 7d, 24h before now.")
@cluster_options
def impressions(
    *,
    target: Path,
    events_file: Path | None,
    cluster: bool,
    index: str,
    since: str | None,
    address: ClusterAddress,
) -> None:
    """Write what was shown and clicked to TARGET, as the Workbench's click model (COEC) reads it.

    A bulk file: index it, name its index as ubiEventsIndex, and let the Workbench make implicit
    judgments; positions count from 0, as it counts.
    """
    from indexer.cli.cluster_session import ClusterSession
    from learning.data.exchange.impression_rows import bulk_lines
    from learning.data.exchange.target_file import write_whole
    from learning.data.ubi_log import CLICK
    from learning.data.ubi_sources import read_cluster, read_file, since_when
    from plugin_config.errors import SettingsError

    if (events_file is None) == (not cluster):
        raise SettingsError("name one source: --events FILE, or --cluster")
    start = since_when(since)
    if events_file is not None:
        log = read_file(events_file, (CLICK,), start)
    else:
        with ClusterSession(address) as session:
            log = read_cluster(session.client, session.names, (CLICK,), start)
    write_whole(target, (line + "\n" for line in bulk_lines(log.impressions, index)))
    for line in log.remarks.lines():
        click.echo(line, err=True)
    shown = sum(len(each.item_ids) for each in log.impressions)
    clicks = sum(len(each.clicks) for each in log.impressions)
    queries = len(log.impressions)
    click.echo(f"{shown} impressions and {clicks} clicks of {queries} queries in {target}")
