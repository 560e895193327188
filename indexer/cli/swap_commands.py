"""The commands that move the alias to an index that there is, or delete one."""

import click

from indexer.cli.cluster_session import ClusterSession
from indexer.cli.options.encoder_options import EncoderOptions, encoder_options
from plugin_config.connection.cluster_address import ClusterAddress, cluster_options


@click.command()
@click.option("--to", metavar="INDEX", help="That index, instead of the newest earlier one.")
@cluster_options
def rollback(to: str | None, address: ClusterAddress) -> None:
    """Move the alias back to an earlier index."""
    with ClusterSession(address) as cluster:
        from indexer.index.history import HistoryEntry, write_down
        from indexer.index.swap import roll_back

        cluster.begin_writing()
        before, now = roll_back(cluster.client, cluster.names, to)
        entry = HistoryEntry("rolled back", now.index, before.index, now.bundle)
        write_down(cluster.client, cluster.names, entry)
        bundle = cluster.settings.bundles_dir / now.bundle
    click.echo(f"{cluster.names.items} -> {now.index} (was {before.index})")
    click.echo(
        f"Items changed since {before.created_at:%Y-%m-%d %H:%M} UTC are as {now.index} has them."
        f" Back again: live-intent index rollback --to {before.index}"
    )
    if not bundle.is_dir():
        click.echo(f"Its model bundle is not here ({bundle}): the service needs it.", err=True)


@click.command()
@click.argument("index")
@encoder_options
@cluster_options
def activate(index: str, encoder: EncoderOptions, address: ClusterAddress) -> None:
    """Move the alias to INDEX, which the gate refused, after a look at it.

    What was written live since its rebuild began is brought in first.
    """
    from indexer.settings import IndexSettings
    from plugin_config.settings import load

    settings = load(IndexSettings)
    with ClusterSession(address) as cluster:
        from indexer.index.history import HistoryEntry, write_down
        from indexer.index.rebuilding.refused_index import activate as run

        cluster.begin_writing()
        context = cluster.index_context(settings)
        before, carried = run(context, index, encoder.load)
        previous = before.index if before else None
        entry = HistoryEntry("activated", index, previous, carried=carried)
        write_down(cluster.client, cluster.names, entry)
    was = f" (was {before.index})" if before else ""
    click.echo(f"{cluster.names.items} -> {index}{was}")
    click.echo(f"{carried} items changed or deleted live since its rebuild began were brought in")
    if before:
        click.echo(f"back to {before.index}: live-intent index rollback --to {before.index}")
    click.echo("the suggestions are as they were; make them again: live-intent index suggestions")


@click.command()
@click.argument("index")
@click.option("--force", is_flag=True, help="Also an index that is kept for a roll-back.")
@cluster_options
def discard(index: str, force: bool, address: ClusterAddress) -> None:
    """Delete INDEX, which no search reads, with its model bundle.

    One that is kept for a roll-back is only deleted with --force.
    """
    from indexer.settings import IndexSettings
    from plugin_config.settings import load

    with ClusterSession(address) as cluster:
        from indexer.index.rebuilding.refused_index import discard_by_hand

        cluster.begin_writing()
        discard_by_hand(cluster.index_context(load(IndexSettings)), index, force=force)
    click.echo(f"deleted {index} and its model bundle")
