"""Runs one OpenSearch node as a container of the official image, through the `docker` package.

The names of the container and its volume contain a hash of the state folder's path, so that two
checkouts do not share them. Docker stores the volume; all else is in the state folder.
"""

import hashlib
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plugin_config.errors import NodeError
from plugin_config.node.distribution import Report
from plugin_config.versions import DEFAULT

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

IMAGE = "opensearchproject/opensearch"
DATA = "/usr/share/opensearch/data"


def reachable() -> bool:
    """Whether the `docker` package is installed and its engine answers."""
    try:
        _engine().close()
    except NodeError:
        return False
    return True


def launch(
    state: Path, name: str, port: int, heap: str, report: Report, *, version: str = DEFAULT
) -> None:
    """Create and start the container, bound to 127.0.0.1 only; pull the image if it is missing.

    Raises:
        NodeError: no engine, or the engine refuses.
    """
    from docker.errors import DockerException, ImageNotFound

    image = f"{IMAGE}:{version}"
    with closing(_engine()) as engine:
        try:
            # An old container may have another port or heap; the data are in the volume.
            _with_container(state, name, lambda old: old.remove(force=True))
            try:
                engine.images.get(image)
            except ImageNotFound:
                report(f"pulling {image} (about 1 GB)")
                engine.images.pull(IMAGE, tag=version)
            engine.containers.run(
                image,
                name=_name(state, name),
                detach=True,
                environment={
                    "cluster.name": f"live-intent-{name}",
                    "node.name": name,
                    "discovery.type": "single-node",
                    "cluster.routing.allocation.disk.threshold_enabled": "false",
                    "DISABLE_SECURITY_PLUGIN": "true",
                    "DISABLE_INSTALL_DEMO_CONFIG": "true",
                    "OPENSEARCH_JAVA_OPTS": f"-Xms{heap} -Xmx{heap}",
                },
                ports={"9200/tcp": ("127.0.0.1", port)},
                volumes={_name(state, name): {"bind": DATA, "mode": "rw"}},
                labels={"live-intent.state-dir": str(state), "live-intent.node": name},
            )
        except DockerException as error:
            raise NodeError(
                f"the Docker engine refuses: {error}. Start without it: "
                f"live-intent node start {name} --by maven"
            ) from error


def runs(state: Path, name: str) -> bool:
    """Whether the node's container is running."""
    try:
        return bool(_with_container(state, name, lambda container: container.status == "running"))
    except NodeError:  # no engine, so no container runs
        return False


def stop(state: Path, name: str) -> None:
    """Stop the container and wait for its end."""
    _with_container(state, name, lambda container: container.stop(timeout=60))


def remove(state: Path, name: str) -> None:
    """Remove the container and its volume."""
    from docker.errors import NotFound

    _with_container(state, name, lambda container: container.remove(force=True, v=True))
    with closing(_engine()) as engine, suppress(NotFound):
        engine.volumes.get(_name(state, name)).remove()


def log_cause(state: Path, name: str) -> str:
    """The lines of the container's log that name an error, else its last lines."""
    text = _with_container(state, name, lambda container: container.logs(tail=30))
    lines = (text or b"").decode(errors="replace").strip().splitlines()
    return "\n".join([line for line in lines if "rror" in line or "xception" in line] or lines[-8:])


def _engine() -> "DockerClient":
    try:
        import docker
    except ImportError:
        raise NodeError("the package docker is not installed: pip install docker") from None
    try:
        engine = docker.from_env(timeout=120)
        engine.ping()
    except (docker.errors.DockerException, OSError) as error:
        raise NodeError(f"no Docker engine can be reached ({error}): start it") from error
    return engine


def _name(state: Path, name: str) -> str:
    return f"live-intent-{hashlib.sha256(str(state).encode()).hexdigest()[:8]}-{name}"


def _with_container(state: Path, name: str, use: "Callable[[Container], Any]") -> Any:
    """What `use` returns for the node's container; None if there is no container."""
    from docker.errors import NotFound

    with closing(_engine()) as engine:
        try:
            container = engine.containers.get(_name(state, name))
        except NotFound:
            return None
        return use(container)
