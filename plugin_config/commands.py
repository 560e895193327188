"""The command `live-intent config`: templates and indexes of the cluster."""

from collections.abc import Callable
from typing import get_args

import click

from plugin_config.connection.cluster_address import ClusterAddress, cluster_options
from plugin_config.quantization import Engine, QuantizationName


@click.group()
def config() -> None:
    """Tell OpenSearch what it has to know: templates and indexes."""


@config.command(name="apply")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option(
    "--analyzer",
    envvar="LIVE_INTENT_ANALYZER",
    help="Analyzer of the items' texts: english, cjk, standard, ... [LIVE_INTENT_ANALYZER].",
)
@click.option(
    "--engine",
    envvar="LIVE_INTENT_ENGINE",
    type=click.Choice(get_args(Engine)),
    help="k-NN engine that the index should have [LIVE_INTENT_ENGINE].",
)
@click.option(
    "--quantization",
    envvar="LIVE_INTENT_QUANTIZATION",
    type=click.Choice(get_args(QuantizationName)),
    help="How it should keep vectors for k-NN [LIVE_INTENT_QUANTIZATION].",
)
@click.option(
    "--adopt",
    multiple=True,
    metavar="INDEX",
    help="Mark this index of sessions or UBI as ours: a version without the mark made it. "
    "Repeatable.",
)
@click.option(
    "--pipeline/--no-pipeline",
    default=None,
    help="Make, or take away, the search pipeline of the plugin inside OpenSearch.",
)
@click.option(
    "--default-pipeline/--no-default-pipeline",
    default=None,
    help="Make it, or make it no longer, what searches of items use that name no pipeline.",
)
@cluster_options
def apply_config(
    *,
    dry_run: bool,
    analyzer: str | None,
    engine: str | None,
    quantization: str | None,
    adopt: tuple[str, ...],
    pipeline: bool | None,
    default_pipeline: bool | None,
    address: ClusterAddress,
    further: Callable[[], bool] = lambda: False,
) -> None:
    """Create or update index templates and indexes; safe to repeat.

    Nothing that Live Intent did not make is changed: the command names it and stops.
    """
    # `further`: of other packages; it prints its own changes, and returns whether it made any.
    from plugin_config.connection.client import connect, destination, ping_or_raise
    from plugin_config.engine_plugin.search_pipeline import SearchPipeline
    from plugin_config.engine_plugin.settings import PipelineSettings
    from plugin_config.ownership import earlier_installation
    from plugin_config.provisioning.provisioning import apply
    from plugin_config.schema import IndexNames
    from plugin_config.settings import load

    if default_pipeline and pipeline is False:
        raise click.UsageError("--default-pipeline needs the pipeline: leave --no-pipeline out")
    settings = address.settings()
    client = connect(settings)
    ping_or_raise(client)
    names = IndexNames(settings.index_prefix)
    click.echo(destination(settings, names.items, *names.stores, names.rules), err=True)
    search_pipeline = SearchPipeline(client, names)
    if pipeline or default_pipeline:
        search_pipeline.check(default=bool(default_pipeline))
    named = {"engine": engine, "quantization": quantization}
    vectors = {name: value for name, value in named.items() if value}
    changes = apply(client, names, analyzer=analyzer, adopt=adopt, dry_run=dry_run, vectors=vectors)
    if pipeline or default_pipeline:
        changes += search_pipeline.put(
            load(PipelineSettings), default=bool(default_pipeline), dry_run=dry_run
        )
    if pipeline is False:
        changes += search_pipeline.remove(dry_run=dry_run)
    elif default_pipeline is False:
        changes += search_pipeline.take_off_default(dry_run=dry_run)
    for change in changes:
        click.echo(f"would be {change}" if dry_run and not change.is_remark else change)
    changed = not all(change.is_remark for change in changes)
    if not further() and not changed:
        click.echo("nothing to change")
    if remark := earlier_installation(client, names):
        click.echo(remark, err=True)
