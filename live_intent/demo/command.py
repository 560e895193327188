"""The command `live-intent demo`: a node, an index, the service, and a scripted visit."""

import os
from typing import TYPE_CHECKING

import click

from live_intent.demo.catalogue import DemoCatalogue, echo_command, relative

if TYPE_CHECKING:
    from live_intent.demo.service import BackgroundService
    from plugin_config.settings import ClusterSettings

NODE = "main"  # the default name of `live-intent node`
URL_VARIABLE = "LIVE_INTENT_OPENSEARCH_URL"


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
    from query_service.settings import SCENARIO_PAGES, ServiceSettings

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
    environment.setdefault("LIVE_INTENT_SCENARIOS", ",".join(SCENARIO_PAGES))
    shop = DemoCatalogue("shop", settings, folder)
    beside = load(ServiceSettings, scenarios=environment["LIVE_INTENT_SCENARIOS"]).own_catalogues
    catalogues = [shop, *(DemoCatalogue.beside(shop, name) for name in beside)]
    for catalogue in catalogues:
        catalogue.refuse_others()
    for catalogue in catalogues:
        catalogue.make(environment)
    _load_visits(settings)
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
    click.echo()
    for name in beside:
        click.echo(f"Another page of this service: {url}/{name}/")
    click.echo(f"What visitors do, simulated ones among them: {url}/insights")
    click.echo(f"The page to try it yourself: {url}/")


def _with_node(settings: "ClusterSettings") -> "ClusterSettings":
    """Start the local node unless it runs; return the settings with its URL."""
    from plugin_config.node import local_node
    from plugin_config.node.node_process import free_port, port_taken

    names = {node.name for node in local_node.status(settings.state_dir)}
    port = None
    if NODE not in names and port_taken(local_node.DEFAULT_PORT):
        port = free_port()  # leave another OpenSearch on the default port alone
    echo_command("live-intent node start" + (f" --port {port}" if port else ""))
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
    echo_command("live-intent serve" + ("" if required else f" --port {port}"))
    running = service.start(port, environment)
    click.echo(f"  ready at {running.url}, log in {relative(service.log)}")
    return running.url


def _load_visits(settings: "ClusterSettings") -> None:
    """Put simulated visits into the cluster, once."""
    from live_intent.sample.recent_visits import load_recent_visits
    from plugin_config.connection.client import connect
    from plugin_config.schema import IndexNames

    if count := load_recent_visits(connect(settings), IndexNames(settings.index_prefix)):
        click.echo(f"  {count:,} searches of SIMULATED visits, for the page of insights")


def _visit(url: str) -> None:
    from indexer.settings import EncoderSettings
    from live_intent.demo.visit import FOR_A_CHILD, WORKED_EXAMPLE, Site, play
    from plugin_config.settings import load

    play(Site(url), FOR_A_CHILD, click.echo)
    if load(EncoderSettings).encoder == "multilingual":  # the default, MiniLM, reads no Chinese
        play(Site(url), WORKED_EXAMPLE, click.echo)
