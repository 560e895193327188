"""`live-intent serve`: runs the query service until a signal ends it."""

import click


@click.command()
@click.option("--host", help="Address to listen on (default: LIVE_INTENT_HOST, 127.0.0.1).")
@click.option("--port", type=int, help="Port; 0: any free one (default: LIVE_INTENT_PORT, 8080).")
@click.option("--processes", help="Worker processes, or auto (default: LIVE_INTENT_PROCESSES).")
@click.option(
    "--insecure",
    is_flag=True,
    default=None,
    help="Listen beyond this machine without any API key (LIVE_INTENT_INSECURE).",
)
def serve(host: str | None, port: int | None, processes: str | None, insecure: bool | None) -> None:
    """Run the query service: the API below /v1, a page to try it at /, the API's description at
    /docs, /healthz, /readyz and /metrics.

    It ends with SIGTERM, after the time for load balancers to notice (LIVE_INTENT_DRAIN_S) and the
    requests under way; with Ctrl-C it does not wait for load balancers. Without an API key
    (live-intent keys) it listens on this machine's own addresses only.
    """
    from plugin_config.connection.client import destination
    from plugin_config.errors import SettingsError
    from plugin_config.schema import IndexNames
    from plugin_config.settings import ClusterSettings, load
    from query_service.settings import ServiceSettings
    from query_service.web.observability import logs
    from query_service.web.server.listener import Listener
    from query_service.web.server.shared_folder import shared_folder
    from query_service.web.server.web_server import WebServer

    settings = load(ServiceSettings, host=host, port=port, processes=processes, insecure=insecure)
    _ = settings.pseudonyms  # refused here, not in each process
    if settings.images and not settings.images.is_dir():
        raise SettingsError(f"LIVE_INTENT_IMAGES={settings.images}: there is no such folder")
    cluster = load(ClusterSettings)
    listener = Listener.bind(settings.host, settings.port)
    logs.configure(settings.log_level, settings.log_format, texts=settings.log_query_texts)
    names = IndexNames(cluster.index_prefix)
    logs.announce(
        destination(cluster, names.items, *names.stores, names.rules, names.experiments), err=True
    )
    server = WebServer(settings, cluster, listener)
    with shared_folder(server.processes) as shared:
        server.serve(shared)
