"""`live-intent serve`: runs the query service until a signal ends it."""

import errno
import socket

import click

from plugin_config.errors import LiveIntentError


class PortTaken(LiveIntentError):
    """The address can't be listened on."""


@click.command()
@click.option("--host", help="Address to listen on (default: LIVE_INTENT_HOST, 127.0.0.1).")
@click.option("--port", type=int, help="Port; 0: any free one (default: LIVE_INTENT_PORT, 8080).")
def serve(host: str | None, port: int | None) -> None:
    """Run the query service: the API below /v1, a page to try it at /, the API's description at
    /docs, /healthz, /readyz and /metrics.

    It ends with SIGTERM or Ctrl-C, after the requests under way. There is no authentication: on
    any other address than this machine's own put something before it that has.
    """
    from plugin_config.client import destination
    from plugin_config.schema import IndexNames
    from plugin_config.settings import ClusterSettings, load
    from query_service.settings import ServiceSettings
    from query_service.web import logs
    from query_service.web.web_server import WebServer, shared_metrics

    settings = load(ServiceSettings, host=host, port=port)
    cluster = load(ClusterSettings)
    listener = listen(settings.host, settings.port)
    logs.configure(settings.log_level, settings.log_format)
    names = IndexNames(cluster.index_prefix)
    click.echo(destination(cluster, names.items, *names.stores, names.rules), err=True)
    server = WebServer(settings, cluster, listener.fileno(), url_of(listener))
    with shared_metrics(server.processes):
        server.serve()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on the address. Raises PortTaken."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"the port {port} of {host} is in use: stop what runs there, or name another "
                "with --port or LIVE_INTENT_PORT"
            ) from None
        raise PortTaken(
            f"can't listen on {host}, port {port} ({error.strerror}): name another address with "
            "--host and --port"
        ) from None
    listener.listen(1024)
    return listener


def url_of(listener: socket.socket) -> str:
    """The URL of the service for a browser on this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
