"""The command `live-intent config`, whose `apply` brings dashboards too."""

from pathlib import Path
from typing import Any

import click

from plugin_config.commands import config as cluster_config

_DASHBOARDS = click.Option(
    ["--dashboards"],
    metavar="URL",
    help="Also import dashboards into OpenSearch Dashboards there, in place of earlier ones.",
)
_FILE = click.Option(
    ["--dashboards-file"],
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the dashboards to this .ndjson file, to be imported by hand.",
)


def _with_dashboards(command: click.Command) -> click.Command:
    """`config apply` with the options of dashboards; they come after the indexes that they read."""
    apply = command.callback
    assert apply is not None

    def apply_all(dashboards: str | None, dashboards_file: Path | None, **options: Any) -> None:
        apply(**options)
        if options.get("pipeline") or options.get("default_pipeline"):
            _write_models(**_named(options))
        if dashboards or dashboards_file:
            _bring(dashboards, dashboards_file, **_named(options))

    return click.Command(
        command.name,
        callback=apply_all,
        params=[*command.params, _DASHBOARDS, _FILE],
        help=command.help,
    )


def _write_models(*, dry_run: bool, url: str | None, prefix: str | None) -> None:
    """Write what the plugin inside OpenSearch has to know of the items indexes."""
    from plugin_config.connection.client import connect
    from plugin_config.settings import ClusterSettings, load
    from query_service.engine_models.model_documents import apply_models

    settings = load(ClusterSettings, opensearch_url=url, index_prefix=prefix)
    for change in apply_models(connect(settings), settings, dry_run=dry_run):
        click.echo(f"would be {change}" if dry_run else change)


def _named(options: dict[str, Any]) -> dict[str, Any]:
    return {name: options[name] for name in ("dry_run", "url", "prefix")}


def _bring(
    address: str | None, file: Path | None, *, dry_run: bool, url: str | None, prefix: str | None
) -> None:
    """Write the saved objects to the file, and import them at the address."""
    from indexer.settings import IndexSettings
    from plugin_config.errors import SettingsError
    from plugin_config.schema import IndexNames
    from plugin_config.settings import ClusterSettings, load
    from query_service.insights.dashboards_import import import_objects
    from query_service.insights.saved_objects import as_ndjson, saved_objects

    settings = load(ClusterSettings, opensearch_url=url, index_prefix=prefix)
    least_sessions = load(IndexSettings).suggest_min_sessions
    objects = saved_objects(IndexNames(settings.index_prefix), least_sessions)
    text = as_ndjson(objects)
    if file is not None:
        if not dry_run:
            try:
                file.write_bytes(text)
            except OSError as error:
                message = f"--dashboards-file {file} can't be written: {error.strerror}"
                raise SettingsError(message) from error
        click.echo(f"{'would be written' if dry_run else 'written'}: {len(objects)} to {file}")
    if address is not None:
        count = len(objects) if dry_run else import_objects(address, text, settings)
        word = "would be imported" if dry_run else "imported"
        click.echo(f"{word}: {count} saved objects into OpenSearch Dashboards at {address}")


config = click.Group(
    cluster_config.name,
    commands={
        **cluster_config.commands,
        "apply": _with_dashboards(cluster_config.commands["apply"]),
    },
    help=cluster_config.help,
)
