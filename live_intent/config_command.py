"""The command `live-intent config`, whose `apply` brings dashboards too."""

from pathlib import Path
from typing import Any

import click

from plugin_config.commands import config as cluster_config
from plugin_config.connection.cluster_address import ClusterAddress

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
        ranks = bool(options.get("pipeline") or options.get("default_pipeline"))

        address, dry_run = ClusterAddress(options["url"], options["prefix"]), options["dry_run"]

        def further() -> bool:
            changed = ranks and _write_models(address, dry_run=dry_run)
            if dashboards or dashboards_file:
                _bring(dashboards, dashboards_file, address, dry_run=dry_run)
            return changed or bool(dashboards or dashboards_file)

        if ranks:
            _refuse_ranks_of_pseudonyms()
        apply(**options, further=further)

    return click.Command(
        command.name,
        callback=apply_all,
        params=[*command.params, _DASHBOARDS, _FILE],
        help=command.help,
    )


def _refuse_ranks_of_pseudonyms() -> None:
    """Raises SettingsError where the plugin would ask the service for what it can't answer.

    With pseudonyms a `_search` names the stored ids, and the service knows the shop's alone.
    """
    from plugin_config.engine_plugin.settings import PipelineSettings
    from plugin_config.errors import SettingsError
    from plugin_config.settings import load
    from query_service.privacy.settings import PrivacySettings

    if load(PipelineSettings).pipeline_rank_url and load(PrivacySettings).pseudonyms.keys:
        raise SettingsError(
            "LIVE_INTENT_PIPELINE_RANK_URL is set, and so are keys of pseudonyms: a search names "
            "the stored ids, of which the query service would make pseudonyms again, and so it "
            "would rank for nobody. Unset LIVE_INTENT_PIPELINE_RANK_URL"
        )


def _write_models(address: ClusterAddress, *, dry_run: bool) -> bool:
    """Write what the plugin inside OpenSearch has to know of the items indexes.

    Returns whether there was something to write.
    """
    from plugin_config.connection.client import connect
    from query_service.engine_models.model_documents import apply_models

    settings = address.settings()
    changes = apply_models(connect(settings), settings, dry_run=dry_run)
    for change in changes:
        click.echo(f"would be {change}" if dry_run else change)
    return bool(changes)


def _bring(
    dashboards: str | None, file: Path | None, address: ClusterAddress, *, dry_run: bool
) -> None:
    """Write the saved objects to the file, and import them into Dashboards at `dashboards`."""
    from indexer.settings import IndexSettings
    from plugin_config.errors import SettingsError
    from plugin_config.schema import IndexNames
    from plugin_config.settings import load
    from query_service.insights.dashboards_import import import_objects
    from query_service.insights.saved_objects import as_ndjson, saved_objects

    settings = address.settings()
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
    if dashboards is not None:
        count = len(objects) if dry_run else import_objects(dashboards, text, settings)
        word = "would be imported" if dry_run else "imported"
        click.echo(f"{word}: {count} saved objects into OpenSearch Dashboards at {dashboards}")


config = click.Group(
    cluster_config.name,
    commands={
        **cluster_config.commands,
        "apply": _with_dashboards(cluster_config.commands["apply"]),
    },
    help=cluster_config.help,
)
