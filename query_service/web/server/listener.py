"""The address that the service listens on."""

import errno
import socket
from dataclasses import dataclass

from plugin_config.errors import LiveIntentError

BACKLOG = 1024  # connections that wait to be accepted: while a worker process is replaced, too


class PortTaken(LiveIntentError):
    """Another program listens there."""


class AddressUnusable(LiveIntentError):
    """The address can't be listened on: it is no address of this machine, say."""

    exit_code = 2


@dataclass(frozen=True)
class Listener:
    """A socket bound to an address. Nothing listens there before a worker process is ready."""

    host: str
    port: int  # as asked for; 0: any free one
    socket: socket.socket

    @classmethod
    def bind(cls, host: str, port: int) -> "Listener":
        """Bound to the address. Raises PortTaken, AddressUnusable."""
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            bound = socket.socket(family, kind, protocol)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except OSError as error:
            raise _refusal(host, port, error) from None
        bound.setblocking(False)
        return cls(host, port, bound)

    def listen(self) -> None:
        """Let clients connect; no change where they can already. Raises PortTaken."""
        try:
            self.socket.listen(BACKLOG)
        except OSError as error:  # another service has bound the address at the same time
            raise _refusal(self.host, self.port, error) from None

    @property
    def url(self) -> str:
        """The URL of the service for a browser on this machine."""
        host, port = self.socket.getsockname()[:2]
        if host in ("0.0.0.0", "::"):
            host = "127.0.0.1"
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _refusal(host: str, port: int, error: OSError) -> LiveIntentError:
    if error.errno == errno.EADDRINUSE:
        return PortTaken(
            f"the port {port} of {host} is in use: stop what runs there, or name another with "
            "--port or LIVE_INTENT_PORT"
        )
    return AddressUnusable(
        f"can't listen on {host}, port {port} ({error.strerror}): name another address with "
        "--host and --port"
    )
