"""The command `live-intent node`: nodes for development on this machine."""

from pathlib import Path

import click

state_dir_option = click.option(
    "--state-dir",
    type=click.Path(path_type=Path),
    help="Folder for nodes and downloads [LIVE_INTENT_STATE_DIR].",
)


@click.group()
def node() -> None:
    """Keep OpenSearch nodes for development on this machine."""


@node.command()
@click.argument("name", default="main")
@click.option("--port", type=click.IntRange(1, 65535), help="HTTP port [as before, else 9200].")
@click.option("--heap", default="512m", show_default=True, help="Java heap of the node.")
@click.option(
    "--timeout", default=120.0, show_default=True, help="Seconds to wait without progress."
)
@click.option(
    "--by",
    type=click.Choice(["auto", "docker", "maven"]),
    default="auto",
    show_default=True,
    help="The official Docker image, or a process with the files of Maven Central.",
)
@click.option("--version", "release", help="Of OpenSearch [as before, else 3.5.0].")
@click.option(
    "--with-plugin/--without-plugin",
    "with_plugin",
    default=None,
    help="With the plugin inside OpenSearch, of the present sources [as before, else without].",
)
@state_dir_option
def start(
    *,
    name: str,
    port: int | None,
    heap: str,
    timeout: float,
    by: str,
    release: str | None,
    with_plugin: bool | None,
    state_dir: Path | None,
) -> None:
    """Start the node NAME (default: main), and wait until it is ready."""
    from plugin_config.node import local_node

    info = local_node.start(
        name,
        port=port,
        state_dir=_state_dir(state_dir),
        timeout_s=timeout,
        heap=heap,
        by=by,  # type: ignore[arg-type]
        report=lambda line: click.echo(f"{line} ...", err=True),
        release=release,
        plugin=with_plugin,
    )
    state = "already runs" if info.already_running else "is ready"
    plugin = " with the plugin" if info.plugin_home else ""
    click.echo(
        f"{info.name} {state} at {info.url} (OpenSearch {info.version}{plugin}, {info.health})"
    )


@node.command()
@click.argument("name", default="main")
@click.option("--all", "every", is_flag=True, help="Every node of the state folder.")
@click.option("--remove", is_flag=True, help="Delete the node's data as well.")
@state_dir_option
def stop(name: str, every: bool, remove: bool, state_dir: Path | None) -> None:
    """Stop the node NAME (default: main), and wait for its end."""
    from plugin_config.node import local_node

    folder = _state_dir(state_dir)
    names = [info.name for info in local_node.status(folder)] if every else [name]
    for each in names:
        was_running = local_node.stop(each, folder, remove=remove)
        outcome = "stopped" if was_running else "was not running"
        click.echo(f"{each} {outcome}{', removed' if remove else ''}")


@node.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@state_dir_option
def status(as_json: bool, state_dir: Path | None) -> None:
    """List the nodes of the state folder."""
    import json
    from dataclasses import asdict

    from plugin_config.node import local_node

    folder = _state_dir(state_dir)
    nodes = local_node.status(folder)
    if as_json:
        click.echo(json.dumps([asdict(info) for info in nodes], indent=2))
    elif not nodes:
        click.echo(f"no nodes in {folder}")
    else:
        rows = [("NAME", "URL", "PID", "HEALTH", "VERSION", "SIZE", "BY")]
        for info in nodes:
            health = info.health or ("no answer" if info.running else "stopped")
            size = f"{info.size_bytes / 1e6:.1f} MB"
            pid, version = str(info.pid or "-"), info.version or "-"
            rows.append((info.name, info.url, pid, health, version, size, info.by))
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
            click.echo("  ".join(cells).rstrip())


def _state_dir(option: Path | None) -> Path:
    from plugin_config.settings import ClusterSettings, load

    return load(ClusterSettings, state_dir=option).state_dir
