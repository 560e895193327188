"""The command `live-intent index suggestions`, and the same at the end of a rebuild."""

from typing import TYPE_CHECKING

import click

from indexer.cli.cluster_session import ClusterSession
from indexer.cli.options.shared_options import output_options
from plugin_config.connection.cluster_address import ClusterAddress, cluster_options

if TYPE_CHECKING:
    from indexer.index.context import IndexContext


@click.command()
@cluster_options
@output_options
def suggestions(address: ClusterAddress, quiet: bool, as_json: bool) -> None:
    """Make the suggestions of /v1/suggest again, from the log of queries and the live items.

    A rebuild does it too. Run it nightly: queries become suggestions, or stop being ones, by it.
    """
    from indexer.cli.reports import output, suggestions_lines
    from indexer.progress import for_terminal
    from indexer.settings import IndexSettings
    from plugin_config.settings import load

    settings = load(IndexSettings)
    with ClusterSession(address) as cluster:
        from indexer.suggestions.build import build_suggestions

        cluster.begin_writing(quiet=quiet)
        report = build_suggestions(cluster.index_context(settings, for_terminal(quiet)))
    click.echo(output(report, suggestions_lines(report, cluster.names.suggestions), as_json))


def make_after_rebuild(context: "IndexContext", as_json: bool) -> None:
    """Make the suggestions too; a failure is said, and leaves the rebuild a success."""
    from indexer.cli.reports import suggestions_lines
    from indexer.suggestions.build import build_suggestions
    from plugin_config.errors import LiveIntentError

    try:
        report = build_suggestions(context)
    except LiveIntentError as error:
        context.progress.close()
        click.echo(
            f"The rebuild is complete, but the suggestions were not made: {error} "
            "Make them: live-intent index suggestions",
            err=True,
        )
        return
    lines = suggestions_lines(report, context.names.suggestions)
    click.echo("\n".join(lines), err=as_json)
