"""The command `live-intent demo`: a node, an index, the service, and a scripted visit."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plugin_config.errors import LiveIntentError

if TYPE_CHECKING:
    from plugin_config.settings import ClusterSettings

NODE = "main"  # the one that `live-intent node` means when no name is given
URL_VARIABLE = "LIVE_INTENT_OPENSEARCH_URL"


class DemoRefused(LiveIntentError):
    """The demo would replace something that is not its own."""


class StepFailed(LiveIntentError):
    """A command that the demo runs has failed; it has said why itself."""


@dataclass(frozen=True)
class Made:
    """The index that the demo made, and of what: the same again needs no new one."""

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
    rebuild_due = _configure(settings)
    _index(settings, folder, environment, rebuild_due)
    url = _serve(service, environment)
    _visit(url)
    if os.environ.get("DEMO_EXIT") == "1":
        service.stop()
        if own_node:
            _stop_node(settings)
        return
    click.secho(f"\nThe page to try it yourself: {url}/", bold=True)
    click.echo("Stop it all with: live-intent demo --stop")
    if own_node and settings.opensearch_url != "http://127.0.0.1:9200":
        click.echo(f"For other commands: export {URL_VARIABLE}={settings.opensearch_url}")


def _with_node(settings: "ClusterSettings") -> "ClusterSettings":
    """The settings with the address of the local node, started where it does not run."""
    from plugin_config.node import local_node
    from plugin_config.node.node_process import free_port, port_taken

    known = {node.name: node for node in local_node.status(settings.state_dir)}
    port = None
    if NODE not in known and port_taken(local_node.DEFAULT_PORT):
        port = free_port()  # somebody else's OpenSearch is none of our business
    _say("live-intent node start" + (f" --port {port}" if port else ""))
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


def _configure(settings: "ClusterSettings") -> bool:
    """Whether the index that is there has another mapping than it should have."""
    from plugin_config.client import connect, ping_or_raise
    from plugin_config.provisioning import apply
    from plugin_config.schema import IndexNames

    _say("live-intent config apply")
    client = connect(settings)
    ping_or_raise(client)
    analyzer = os.environ.get("LIVE_INTENT_ANALYZER")
    changes = apply(client, IndexNames(settings.index_prefix), analyzer=analyzer)
    for change in changes:
        click.echo(f"  {change.kind}: {change.target} {change.name}")
    if not changes:
        click.echo("  nothing to change")
    return any(change.kind == "rebuild due" for change in changes)


def _index(
    settings: "ClusterSettings", folder: Path, environment: dict[str, str], rebuild_due: bool
) -> None:
    """The sample catalogue behind the alias, unless it is there already. Raises DemoRefused."""
    from indexer.settings import EncoderSettings
    from live_intent.sample.catalogue import sample_hash, write_sample
    from plugin_config.settings import load

    record, catalogue = folder / "index.json", folder / "sample.jsonl"
    encoder = load(EncoderSettings).model_dump(mode="json")
    current = _current_index(settings)
    made = _made(record)
    if current and (made is None or (current, settings.opensearch_url) != (made.index, made.url)):
        raise DemoRefused(
            f"the index {current} at {settings.opensearch_url} was not made by this demo, which "
            "would replace it: set LIVE_INTENT_INDEX_PREFIX=demo- to keep them apart"
        )
    wanted = Made(current, settings.opensearch_url, sample_hash(), encoder)
    if current and made == wanted and not rebuild_due:
        click.echo(f"  the index {current} holds the sample catalogue already")
        return
    _say(f"live-intent sample {_shown(catalogue)}")
    click.echo(f"  {write_sample(catalogue):,} items")
    _say(f"live-intent index rebuild {_shown(catalogue)}")
    command = [sys.executable, "-m", "live_intent.main", "index", "rebuild", str(catalogue)]
    if subprocess.run(command, env=environment, check=False).returncode:
        raise StepFailed("the index was not made; the lines above say why")
    wanted = Made(
        _current_index(settings), settings.opensearch_url, wanted.catalogue, wanted.encoder
    )
    record.write_text(json.dumps(wanted.__dict__), encoding="utf-8")


def _current_index(settings: "ClusterSettings") -> str:
    """The index behind the alias `items`; empty when there is none."""
    from plugin_config.client import connect
    from plugin_config.schema import IndexNames

    found = connect(settings).indices.get_alias(
        name=IndexNames(settings.index_prefix).items, params={"ignore": 404}
    )
    return next((name for name in found if name not in ("error", "status")), "")


def _made(record: Path) -> Made | None:
    try:
        return Made(**json.loads(record.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _serve(service: "object", environment: dict[str, str]) -> str:
    """The address of the service, started where it does not run with the same settings."""
    from live_intent.demo.service import BackgroundService, port_to_use, settings_of
    from live_intent.demo.visit import Site
    from plugin_config.settings import load
    from query_service.settings import ServiceSettings

    assert isinstance(service, BackgroundService)
    running = service.running()
    if (
        running is not None
        and running.settings == settings_of(environment)
        and Site(running.url).get("/readyz") == 200
    ):
        click.echo(f"  the service already runs at {running.url}")
        return running.url
    service.stop()
    asked_for = "LIVE_INTENT_PORT" in environment
    port = port_to_use(load(ServiceSettings).port, asked_for)
    _say("live-intent serve" + ("" if asked_for else f" --port {port}"))
    running = service.start(port, environment)
    click.echo(f"  ready at {running.url}, log in {_shown(service.log)}")
    return running.url


def _visit(url: str) -> None:
    from indexer.settings import EncoderSettings
    from live_intent.demo.visit import FOR_A_CHILD, WORKED_EXAMPLE, Site, play
    from plugin_config.settings import load

    play(Site(url), FOR_A_CHILD, click.echo)
    if load(EncoderSettings).encoder == "multilingual":  # the default one reads no Chinese
        play(Site(url), WORKED_EXAMPLE, click.echo)


def _say(command: str) -> None:
    click.secho(f"$ {command}", bold=True)


def _shown(path: Path) -> str:
    """The path as a user would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
