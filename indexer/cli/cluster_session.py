"""A command's connection to the cluster."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer.index.context import IndexContext
    from indexer.progress import Progress
    from indexer.settings import IndexSettings
    from plugin_config.connection.cluster_address import ClusterAddress


class ClusterSession:
    """Settings, names and a client of a cluster that answers.

    As a context manager it turns opensearch-py's errors into ours.
    """

    def __init__(self, address: "ClusterAddress") -> None:
        from plugin_config.connection.client import connect, ping_or_raise
        from plugin_config.schema import IndexNames

        self.settings = address.settings()
        self.names = IndexNames(self.settings.index_prefix)
        self.client = connect(self.settings)
        ping_or_raise(self.client)

    def index_context(
        self, settings: "IndexSettings", progress: "Progress | None" = None
    ) -> "IndexContext":
        """The context of an operation on the items indexes; without `progress` a silent one."""
        from indexer.index.context import IndexContext
        from indexer.progress import Silence

        return IndexContext(
            self.client, self.names, settings, self.settings.bundles_dir, progress or Silence()
        )

    def begin_writing(self, *, quiet: bool = False) -> None:
        """Say on standard error where a command writes, and check that what is there is ours.

        Raises AliasTaken, ForeignIndex: before the command begins with anything long.
        """
        import click

        from indexer.index.generations import refuse_taken_alias
        from plugin_config.connection.client import destination

        if not quiet:
            click.echo(destination(self.settings, self.names.items), err=True)
        refuse_taken_alias(self.client, self.names)

    def where_the_alias_is(self) -> str:
        """The alias and its index, in words; printed after an interruption."""
        from indexer.index.generations import live_generation

        try:
            live = live_generation(self.client, self.names)
        except Exception:
            return "the cluster does not answer; see live-intent index status"
        if live is None:
            return f"there is no {self.names.items} index yet"
        return f"{self.names.items} points at {live.index}"

    def __enter__(self) -> "ClusterSession":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from opensearchpy.exceptions import ConnectionError as NoConnection
        from opensearchpy.exceptions import TransportError

        from plugin_config.connection.client import may_pass
        from plugin_config.errors import ClusterUnavailable, LiveIntentError

        if isinstance(error, NoConnection):
            raise ClusterUnavailable(
                f"OpenSearch stopped answering ({error.error}). When it is back, see "
                "live-intent index status and run the command again."
            ) from error
        if isinstance(error, TransportError) and may_pass(error):
            raise ClusterUnavailable(
                f"OpenSearch is overloaded, full, or lacks a shard: {error}. When that is over, "
                "run the command again."
            ) from error
        if isinstance(error, TransportError):
            raise LiveIntentError(
                f"OpenSearch refuses a request: HTTP {error.status_code}, {error.error}"
            ) from error
