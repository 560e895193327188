"""The command `live-intent plugin`: builds the plugin inside OpenSearch, and looks after it."""

from pathlib import Path

import click

from plugin_config.connection.cluster_address import ClusterAddress, cluster_options

home_option = click.option(
    "--opensearch-home",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of an OpenSearch installation [the one that local nodes share].",
)


@click.group()
def plugin() -> None:
    """Build and install the plugin that personalises a plain _search inside OpenSearch."""


@plugin.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    show_default="this folder",
    help="Folder that the zip is written to.",
)
@home_option
def build(output: Path, opensearch_home: Path | None) -> None:
    """Build live-intent-<version>.zip from its Java sources."""
    import hashlib
    import shutil

    from plugin_config.node.plugin_home import built_plugin
    from plugin_config.settings import ClusterSettings, load

    state = load(ClusterSettings).state_dir
    archive = built_plugin(state, opensearch_home, lambda line: click.echo(f"{line} ...", err=True))
    output.mkdir(parents=True, exist_ok=True)
    target = output / archive.name
    shutil.copyfile(archive, target)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    click.echo(f"{target} ({target.stat().st_size:,} bytes, sha256 {digest})")


@plugin.command()
@click.option(
    "--opensearch-home",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    required=True,
    help="Folder of the OpenSearch installation, such as /usr/share/opensearch.",
)
@click.option(
    "--zip",
    "archive",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A zip that was built before [built on that installation's libraries].",
)
@click.option("--replace", is_flag=True, help="Replace another build of the plugin that is there.")
def install(opensearch_home: Path, archive: Path | None, replace: bool) -> None:
    """Install the plugin into an OpenSearch installation on this machine."""
    from plugin_config.node.plugin_home import built_plugin
    from plugin_config.node.plugin_installation import OpenSearchHome, running_from
    from plugin_config.settings import ClusterSettings, load

    home = OpenSearchHome(opensearch_home.absolute())
    version = home.version
    if archive is None:
        state = load(ClusterSettings).state_dir
        archive = built_plugin(state, home.folder, lambda line: click.echo(f"{line} ...", err=True))
    outcome = home.install(archive.absolute(), replace=replace)
    click.echo(f"{outcome}: {archive.name} in {home.folder} (OpenSearch {version})")
    if outcome != "already installed":
        node = "Restart the node" if running_from(home.folder) else "Start the node"
        click.echo(
            f"{node}: it loads plugins at its start. When all have it: live-intent plugin status"
        )


@plugin.command()
@cluster_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(address: ClusterAddress, as_json: bool) -> None:
    """Show which nodes of the cluster have the plugin, its pipeline and its models.

    Ends with the exit code 4 when something lacks.
    """
    import json
    from dataclasses import asdict

    from plugin_config.connection.client import connect, ping_or_raise
    from plugin_config.engine_plugin.plugin_status import plugin_status
    from plugin_config.errors import ConfigMismatch
    from plugin_config.schema import IndexNames

    settings = address.settings()
    client = connect(settings)
    try:
        ping_or_raise(client)
        report = plugin_status(client, IndexNames(settings.index_prefix))
    finally:
        client.close()
    if as_json:
        click.echo(json.dumps(asdict(report) | {"missing": report.missing}, indent=2))
    else:
        for line in report.lines():
            click.echo(line)
    if report.missing:
        raise ConfigMismatch("\n".join(report.missing))
