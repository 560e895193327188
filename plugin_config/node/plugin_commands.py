"""The command `live-intent plugin`: builds the plugin inside OpenSearch, and looks after it."""

from pathlib import Path

import click

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
