"""The command `live-intent demo`: a node, an index, the service, and a scripted visit."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plugin_config.errors import LiveIntentError

if TYPE_CHECKING:
    from live_intent.demo.service import BackgroundService
    from plugin_config.settings import ClusterSettings

NODE = "main"  # the default name of `live-intent node`
URL_VARIABLE = "LIVE_INTENT_OPENSEARCH_URL"


class DemoRefused(LiveIntentError):
    """The demo would replace an index that it did not create."""


class StepFailed(LiveIntentError):
    """A command that the demo runs has failed; its own output says why."""


@dataclass(frozen=True)
class DemoIndex:
    """The index that a demo created, and its inputs: equal inputs need no rebuild."""

    index: str
    url: str
    catalogue: str  # hash of the sample catalogue
    encoder: dict[str, object]  # the encoder's settings


@click.command()
@click.option("--stop", is_flag=True, help="Stop the service and the node of an earlier demo.")
def demo(stop: bool) -> None:
    """Show it all: a node, the sample catalogue in an index, the service, a scripted visit.

    The service stays, with a page to try at the address that is printed. DEMO_EXIT=1 stops service
    and node after the visit. With LIVE_INTENT_OPENSEARCH_URL set the demo uses that cluster and
    starts no node.
    """
    from live_intent.demo.service import BackgroundService
    from plugin_config.settings import ClusterSettings, load
    from plugin_config.state_dir import make_state_dir

    settings = load(ClusterSettings)
    folder = make_state_dir(settings.state_dir) / "demo"
    folder.mkdir(exist_ok=True)
    service = BackgroundService(folder)
    if stop:
        click.echo("service stopped" if service.stop() else "no service was running")
        _stop_node(settings)
        return

    own_node = URL_VARIABLE not in os.environ
    settings = _with_node(settings) if own_node else settings
    environment = dict(os.environ) | {
        URL_VARIABLE: settings.opensearch_url,
        "LIVE_INTENT_STATE_DIR": str(settings.state_dir),
    }
    # A folder of pictures of the user's own stays.
    environment.setdefault("LIVE_INTENT_IMAGES", str((folder / "images").resolve()))
    _refuse_others(settings, folder)
    _index(settings, folder, environment, rebuild_due=_configure(settings))
    url = _serve(service, environment)
    ends = os.environ.get("DEMO_EXIT") == "1"
    if not ends:
        click.echo("  stop it all with: live-intent demo --stop")
        if own_node:
            click.echo(
                f"  other commands in this folder use its node too: {settings.opensearch_url}"
            )
    _visit(url)
    if ends:
        service.stop()
        if own_node:
            _stop_node(settings)
        return
    click.secho(f"\nThe page to try it yourself: {url}/", bold=True)


def _with_node(settings: "ClusterSettings") -> "ClusterSettings":
    """Start the local node unless it runs; return the settings with its URL."""
    from plugin_config.node import local_node
    from plugin_config.node.node_process import free_port, port_taken

    names = {node.name for node in local_node.status(settings.state_dir)}
    port = None
    if NODE not in names and port_taken(local_node.DEFAULT_PORT):
        port = free_port()  # leave another OpenSearch on the default port alone
    _echo_command("live-intent node start" + (f" --port {port}" if port else ""))
    node = local_node.start(
        NODE, port=port, state_dir=settings.state_dir, report=lambda line: click.echo(f"  {line}")
    )
    word = "already runs" if node.already_running else "is ready"
    click.echo(f"  OpenSearch {node.version} {word} at {node.url}")
    return settings.model_copy(update={"opensearch_url": node.url})


def _stop_node(settings: "ClusterSettings") -> None:
    from plugin_config.node import local_node

    if any(node.running and node.name == NODE for node in local_node.status(settings.state_dir)):
        local_node.stop(NODE, settings.state_dir)
        click.echo("node stopped")


def _refuse_others(settings: "ClusterSettings", folder: Path) -> None:
    """Check, before anything is written, that the demo changes nothing but its own.

    Raises DemoRefused when the alias has an index that this demo did not create, ForeignIndex when
    something has one of our names that we did not make at all.
    """
    from plugin_config.client import connect, destination, ping_or_raise
    from plugin_config.provisioning import refuse_all_foreign
    from plugin_config.schema import IndexNames

    client, names = connect(settings), IndexNames(settings.index_prefix)
    ping_or_raise(client)
    click.echo("  " + destination(settings, names.items, *names.stores, names.rules))
    refuse_all_foreign(client, names)
    index, recorded = _current_index(settings), _recorded_index(folder)
    if index and (
        recorded is None or (index, settings.opensearch_url) != (recorded.index, recorded.url)
    ):
        raise DemoRefused(
            f"the index {index} at {settings.opensearch_url} was not made by this demo, which "
            "would replace it: set LIVE_INTENT_INDEX_PREFIX=demo- to keep them apart"
        )


def _configure(settings: "ClusterSettings") -> bool:
    """Apply the configuration; return whether the live index has an outdated mapping."""
    from plugin_config.client import connect
    from plugin_config.provisioning import apply
    from plugin_config.schema import IndexNames

    _echo_command("live-intent config apply")
    analyzer = os.environ.get("LIVE_INTENT_ANALYZER")
    changes = apply(connect(settings), IndexNames(settings.index_prefix), analyzer=analyzer)
    for change in changes:
        click.echo(f"  {change.kind}: {change.target} {change.name}")
    if not changes:
        click.echo("  nothing to change")
    return any(change.kind == "rebuild due" for change in changes)


def _index(
    settings: "ClusterSettings", folder: Path, environment: dict[str, str], *, rebuild_due: bool
) -> None:
    """Index the sample catalogue unless the alias has it already. Raises StepFailed."""
    from indexer.settings import EncoderSettings
    from live_intent.sample.catalogue import sample_hash, sample_items, write_sample
    from live_intent.sample.pictures import write_pictures
    from plugin_config.settings import load

    write_pictures(folder / "images", sample_items())
    catalogue = folder / "sample.jsonl"
    encoder = load(EncoderSettings).model_dump(mode="json")
    current = DemoIndex(_current_index(settings), settings.opensearch_url, sample_hash(), encoder)
    if current.index and _recorded_index(folder) == current and not rebuild_due:
        click.echo(f"  the index {current.index} holds the sample catalogue already")
        return
    _echo_command(f"live-intent sample {_relative(catalogue)}")
    click.echo(f"  {write_sample(catalogue):,} items")
    _echo_command(f"live-intent index rebuild {_relative(catalogue)}")
    command = [sys.executable, "-m", "live_intent.main", "index", "rebuild", str(catalogue)]
    if subprocess.run(command, env=environment, check=False).returncode:
        raise StepFailed("the index was not made; the lines above say why")
    current = replace(current, index=_current_index(settings))
    _record(folder).write_text(json.dumps(asdict(current)), encoding="utf-8")


def _current_index(settings: "ClusterSettings") -> str:
    """Return the name of the index behind the alias `items`; empty when there is none."""
    from plugin_config.client import connect
    from plugin_config.schema import IndexNames

    body = connect(settings).indices.get_alias(
        name=IndexNames(settings.index_prefix).items, params={"ignore": 404}
    )
    return next((name for name in body if name not in ("error", "status")), "")


def _record(folder: Path) -> Path:
    return folder / "index.json"


def _recorded_index(folder: Path) -> DemoIndex | None:
    try:
        return DemoIndex(**json.loads(_record(folder).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _serve(service: "BackgroundService", environment: dict[str, str]) -> str:
    """Start the service unless it is ready and has the same settings; return its URL."""
    from live_intent.demo.service import port_to_use, service_settings
    from live_intent.demo.visit import Site
    from plugin_config.settings import load
    from query_service.settings import ServiceSettings

    running = service.running()
    if (
        running is not None
        and running.settings == service_settings(environment)
        and Site(running.url).get("/readyz") == 200
    ):
        click.echo(f"  the service already runs at {running.url}")
        return running.url
    service.stop()
    required = "LIVE_INTENT_PORT" in environment
    port = port_to_use(load(ServiceSettings).port, required)
    _echo_command("live-intent serve" + ("" if required else f" --port {port}"))
    running = service.start(port, environment)
    click.echo(f"  ready at {running.url}, log in {_relative(service.log)}")
    return running.url


def _visit(url: str) -> None:
    from indexer.settings import EncoderSettings
    from live_intent.demo.visit import FOR_A_CHILD, WORKED_EXAMPLE, Site, play
    from plugin_config.settings import load

    play(Site(url), FOR_A_CHILD, click.echo)
    if load(EncoderSettings).encoder == "multilingual":  # the default, MiniLM, reads no Chinese
        play(Site(url), WORKED_EXAMPLE, click.echo)


def _echo_command(command: str) -> None:
    click.secho(f"$ {command}", bold=True)


def _relative(path: Path) -> str:
    """Return the path relative to the working directory, as a user would type it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
