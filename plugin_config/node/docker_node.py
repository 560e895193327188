"""Runs one OpenSearch node as a container of the official image, through the `docker` package.

The container and its volume carry the state folder's mark in their names, so that two checkouts
do not meet. The volume lies with the Docker engine, all else in the state folder.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plugin_config.errors import NodeError
from plugin_config.node.distribution import OPENSEARCH

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

IMAGE = "opensearchproject/opensearch"
DATA = "/usr/share/opensearch/data"
Report = Callable[[str], None]


def reachable() -> bool:
    """Whether the `docker` package is installed and its engine answers."""
    try:
        engine = _engine()
    except NodeError:
        return False
    engine.close()
    return True


def launch(state: Path, name: str, port: int, heap: str, report: Report) -> None:
    """Make and start the container, bound to 127.0.0.1 only; the image is pulled when missing.

    Raises:
        NodeError: no engine, or the engine refuses.
    """
    from docker.errors import DockerException, ImageNotFound

    engine = _engine()
    image = f"{IMAGE}:{OPENSEARCH}"
    try:
        old = _container(engine, state, name)
        if old is not None:  # its port or heap may be others now; the data are in the volume
            old.remove(force=True)
        try:
            engine.images.get(image)
        except ImageNotFound:
            report(f"pulling {image} (about 1 GB)")
            engine.images.pull(IMAGE, tag=OPENSEARCH)
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
    finally:
        engine.close()


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
    engine = _engine()
    try:
        engine.volumes.get(_name(state, name)).remove()
    except NotFound:
        pass
    finally:
        engine.close()


def log_cause(state: Path, name: str) -> str:
    """The last lines of the container's log."""
    text = _with_container(state, name, lambda container: container.logs(tail=30))
    lines = (text or b"").decode(errors="replace").strip().splitlines()
    return "\n".join([line for line in lines if "rror" in line or "xception" in line] or lines[-8:])


def _engine() -> "DockerClient":
    try:
        import docker
    except ImportError:
        raise NodeError(
            "the package docker is not installed: pip install 'opensearch-live-intent[docker]'"
        ) from None
    try:
        engine = docker.from_env(timeout=120)
        engine.ping()
    except (docker.errors.DockerException, OSError) as error:
        raise NodeError(f"no Docker engine can be reached ({error}): start it") from error
    return engine


def _name(state: Path, name: str) -> str:
    return f"live-intent-{hashlib.sha256(str(state).encode()).hexdigest()[:8]}-{name}"


def _container(engine: "DockerClient", state: Path, name: str) -> "Container | None":
    from docker.errors import NotFound

    try:
        return engine.containers.get(_name(state, name))
    except NotFound:
        return None


def _with_container(state: Path, name: str, use: "Callable[[Container], Any]") -> Any:
    """What `use` returns for the node's container; None when there is none."""
    engine = _engine()
    try:
        container = _container(engine, state, name)
        return None if container is None else use(container)
    finally:
        engine.close()
