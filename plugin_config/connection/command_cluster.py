"""The settings' cluster, for the time of one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from plugin_config.schema import IndexNames


@contextmanager
def command_cluster(writes: str = "") -> Iterator[tuple["OpenSearch", "IndexNames"]]:
    """A client that has reached the cluster, and the installation's names; closed at the end.

    `writes`: the attribute of the names that is written to, which is said. Raises
    ClusterUnavailable, SettingsError.
    """
    from plugin_config.connection.client import connect, destination, ping_or_raise
    from plugin_config.schema import IndexNames
    from plugin_config.settings import ClusterSettings, load

    settings = load(ClusterSettings)
    client, names = connect(settings), IndexNames(settings.index_prefix)
    try:
        ping_or_raise(client)
        if writes:
            click.echo(destination(settings, getattr(names, writes)), err=True)
        yield client, names
    finally:
        client.close()
