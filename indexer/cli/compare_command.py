"""The command `live-intent index compare`: two indexes' answers to recent queries."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from indexer.cli.cluster_session import ClusterSession
from indexer.cli.options.encoder_options import EncoderOptions, encoder_options
from indexer.cli.options.gate_options import check_report, shadow_report, shown_comparison
from plugin_config.connection.cluster_address import ClusterAddress, cluster_options

if TYPE_CHECKING:
    from indexer.gate.replay import SearchTools


@click.command()
@click.argument("before")
@click.argument("after")
@click.option("--queries", type=click.IntRange(1, 10_000), default=100, show_default=True)
@shadow_report
@encoder_options
@cluster_options
@click.pass_obj
def compare(
    make_tools: "Callable[[], SearchTools]",
    /,
    *,
    before: str,
    after: str,
    queries: int,
    report_file: Path | None,
    encoder: EncoderOptions,
    address: ClusterAddress,
) -> None:
    """Ask recent queries of two indexes, BEFORE and AFTER, and show what differs.

    `live-intent index status` lists the indexes. Nothing is changed.
    """
    from indexer.gate.settings import GateSettings
    from indexer.settings import IndexSettings
    from plugin_config.settings import load

    settings, days = load(IndexSettings), load(GateSettings).gate_query_days
    check_report(report_file)
    with ClusterSession(address) as cluster:
        from indexer.gate.comparison import compare as run
        from indexer.gate.recent_queries import recent_queries
        from indexer.index.generations import of_name

        context = cluster.index_context(settings)
        one, other = (of_name(cluster.client, cluster.names, each) for each in (before, after))
        replay = make_tools().replay(context, encoder.load())
        compared = run(replay, one, other, recent_queries(context, queries, days), days)
    shown_comparison(report_file, as_json=False)(compared)
