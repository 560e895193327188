"""The connection to a Ray cluster, or one of this machine alone."""

import importlib.util
import io
import os
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from plugin_config.errors import ClusterUnavailable, SettingsError
from plugin_config.temporary_folder import temporary_folder

if TYPE_CHECKING:
    from indexer.settings import RaySettings

LOCAL = "local"
_CLIENT = "ray://"
_OBJECT_STORE = 256 * 2**20  # bytes; a block of 1,024 embeddings has 1.5 MB
# Read when Ray is imported: it sends no statistics, and starts no cluster when it loses ours.
_ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_AUTO_CONNECT": "0"}
_ANSWER_S = 15.0  # to say that it speaks Ray's protocol
# What a cluster's client server, and its head, answer whoever asks: a method, and its request.
_SIGN_OF_LIFE = {
    _CLIENT: ("/ray.rpc.RayletDriver/ClusterInfo", b"\x08\x06"),  # of the type PING
    "": ("/ray.rpc.NodeInfoGcsService/CheckAlive", b""),
}
_PORTS = "ray://HOST:PORT names the client port of a cluster, HOST:PORT that of its head"


class RayUnavailable(ClusterUnavailable):
    """The Ray cluster does not answer, or loses its encoders again and again."""


class _Discarded(io.StringIO):
    def write(self, text: str) -> int:
        return len(text)


class RayCluster:
    """A Ray cluster that this process joined, or started; a context manager that leaves it."""

    def __init__(self, settings: "RaySettings") -> None:
        """Raises SettingsError without the extra, or RayUnavailable, within `ray_timeout_s`."""
        if importlib.util.find_spec("ray") is None:
            raise SettingsError(
                f"--ray {settings.ray} needs the extra ray: pip install 'ray[client]'"
            )
        self.address = settings.ray
        self._until_left = ExitStack()
        _check_reachable(self.address, settings.ray_timeout_s)
        environment = dict(_ENVIRONMENT)
        if self.address == LOCAL and "RAY_AUTH_MODE" not in os.environ:
            # Else Ray writes a token to the home folder.
            environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        for name, value in environment.items():
            os.environ.setdefault(name, value)
        with _signals_kept():
            import ray

            self.ray: Any = ray
            # Ray prints pages about a lost machine to standard output, which is the report's.
            self._until_left.enter_context(redirect_stdout(_Discarded()))
            try:
                self._join()
            except BaseException:
                self._leave()
                raise

    def _join(self) -> None:
        address, options = self.address, dict[str, Any]()
        if address == LOCAL:
            # Short: a socket's path must not have more than 107 characters.
            folder = self._until_left.enter_context(temporary_folder("ray"))
            options = {
                "include_dashboard": False,
                "object_store_memory": _OBJECT_STORE,
                "_temp_dir": str(folder),
            }
        try:
            self.ray.init(address=address, log_to_driver=False, logging_level="ERROR", **options)
        except Exception as error:  # of many kinds
            raise _not_joined(address, error) from error

    def room(self, cpus: float, gpus: float) -> int:
        """The number of actors with so many CPUs and GPUs that the cluster has room for."""
        total = self.ray.cluster_resources()
        by_gpu = int(total.get("GPU", 0) / gpus) if gpus else None
        by_cpu = int(total.get("CPU", 0) / cpus) if cpus else None
        return min(each for each in (by_gpu, by_cpu, 10_000) if each is not None)

    def _leave(self) -> None:
        with suppress(Exception):
            self.ray.shutdown()
        self._until_left.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()


def _check_reachable(address: str, timeout_s: float) -> None:
    """Raises RayUnavailable; Ray itself tries an address for minutes."""
    if address in (LOCAL, "auto"):
        return
    target = address.removeprefix(_CLIENT)
    host, _, port = target.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout_s).close()
        _check_protocol(address, min(timeout_s, _ANSWER_S))
    except (OSError, OverflowError) as error:
        raise RayUnavailable(
            f"no Ray cluster answers at {address} ({error}). `ray start --head` prints the "
            "address of a new one; --ray local starts one for this rebuild"
        ) from error


def _check_protocol(address: str, timeout_s: float) -> None:
    """Raises OSError if no Ray listens there: Ray itself waits for an answer without end.

    A connection says too little. OpenSearch, for one, speaks HTTP/2 as gRPC does.
    """
    if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
        return
    import grpc

    method, asked = _SIGN_OF_LIFE[_CLIENT if address.startswith(_CLIENT) else ""]
    with grpc.insecure_channel(address.removeprefix(_CLIENT)) as channel:
        try:
            channel.unary_unary(method)(asked, timeout=timeout_s, wait_for_ready=True)
        except grpc.RpcError as error:
            code = error.code()
            if code == grpc.StatusCode.DEADLINE_EXCEEDED:
                text = f"what listens there did not speak gRPC in {timeout_s:g} s"
                raise OSError(text) from None
            if code not in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
                raise OSError(f"what listens there is no Ray: {code.name}. {_PORTS}") from None


def _not_joined(address: str, error: Exception) -> RayUnavailable:
    text = " ".join(str(error).split())
    if "ersion mismatch" in text:
        how = "Install the cluster's versions of Ray and Python here, or ours there"
    elif "uthenticat" in text or "AuthToken" in text:
        how = "It asks for a token: set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN to the cluster's"
    elif "No node info" in text or "node_ip_address" in text:
        how = (
            f"This machine is no node of that cluster: run `ray start --address={address} "
            "--num-cpus=0` here first, or name the cluster's client port, ray://HOST:10001"
        )
    elif address == "auto":
        how = "No Ray runs on this machine: name an address, or start one with --ray local"
    else:
        how = "See `ray status` there"
    return RayUnavailable(f"--ray {address}: {how}. Ray says: {text[:400]}")


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Restores the handlers that Ray replaces: a rebuild has its own clean-up."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        with suppress(ValueError):  # not in the main thread
            for number, handler in before.items():
                signal.signal(number, handler)
