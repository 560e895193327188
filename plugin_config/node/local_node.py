"""Starts, stops and lists OpenSearch nodes for development and tests, by name."""

import json
import re
import shutil
import time
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from plugin_config.errors import NodeError
from plugin_config.node import docker_node, node_log, node_process
from plugin_config.node.distribution import Report, installed, locked
from plugin_config.node.java import Java, find_java
from plugin_config.node.node_process import port_taken
from plugin_config.node.node_records import (
    NodeInfo,
    folder_size,
    node_folder,
    read_record,
    record_file,
    records,
    write_record,
)
from plugin_config.node.plugin_home import plugin_home
from plugin_config.state_dir import default_state_dir, make_state_dir
from plugin_config.versions import DEFAULT, is_version, java_versions

DEFAULT_NAME = "main"
DEFAULT_PORT = 9200
By = Literal["auto", "docker", "maven"]


def start(
    name: str = DEFAULT_NAME,
    port: int | None = None,
    state_dir: Path | None = None,
    *,
    timeout_s: float = 120.0,
    heap: str = "512m",
    by: By = "auto",
    report: Report = lambda line: None,
    release: str | None = None,
    plugin: bool | None = None,
) -> NodeInfo:
    """Start a node, if it does not run yet, and wait until its health is yellow or green.

    `timeout_s` counts from the last progress: a node that was killed recovers its shards first. One
    that had been started before is left running when it is not ready in time; a new one is stopped.
    `port` None: the port it had before, else 9200. `by` "auto": as before, else the official image
    if a Docker engine answers, else a process with the files of Maven Central. `report` gets a line
    before each slow step. `release` of OpenSearch, None: as before, else the default. `plugin`:
    with ours, of the present sources; None: as before, else without.

    Raises:
        NodeError: the node did not start; the message has the cause from its log, if there is one.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,49}", name):
        raise NodeError(f"node name {name!r}: allowed are a-z, 0-9, '_' and '-', up to 50")
    if not re.fullmatch(r"[1-9]\d*[kmg]", heap, re.IGNORECASE):
        raise NodeError(f"heap {heap!r}: allowed is a size such as 512m or 2g")
    if release is not None and not is_version(release):
        raise NodeError(f"version {release!r}: allowed is 2.19.0 or newer, such as {DEFAULT}")
    state = make_state_dir(state_dir or default_state_dir())
    with locked(state):
        before = read_record(state, name)
        if before is not None and _is_running(state, before):
            if port not in (None, before.port):
                raise NodeError(
                    f"the node {name} already runs, on port {before.port}: stop it first "
                    f"(live-intent node stop {name}) or choose another name"
                )
            if plugin not in (None, bool(before.plugin_home)):
                raise NodeError(
                    f"the node {name} already runs, {'without' if plugin else 'with'} the plugin: "
                    f"stop it first (live-intent node stop {name}) or choose another name"
                )
            info = replace(before, already_running=True)
        else:
            port = port or (before.port if before else DEFAULT_PORT)
            if port_taken(port):
                raise NodeError(
                    f"port {port} is taken by something else: choose another "
                    f"(live-intent node start {name} --port {port + 10})"
                )
            method = before.by if before and by == "auto" else by
            wanted = release or (before.release if before else DEFAULT)
            with_plugin = bool(before and before.plugin_home) if plugin is None else plugin
            new = NodeInfo(name, f"http://127.0.0.1:{port}", port, by="maven", release=wanted)
            if with_plugin:
                info = _launch_with_plugin(state, new, heap, method, report)
            else:
                info = _launch(state, new, heap, method, report)
            write_record(state, info)
    try:
        return _wait(state, info, timeout_s, report)
    except (NodeError, KeyboardInterrupt) as error:
        if info.already_running:
            raise
        if isinstance(error, NodeError) and before is not None and _is_running(state, info):
            raise NodeError(
                f"{error}\nIt may still recover, so it is left running. Wait on: live-intent "
                f"node start {name} --timeout 600. Stop it: live-intent node stop {name}"
            ) from error
        _end(state, info)
        write_record(state, replace(info, pid=0))
        raise


def stop(name: str = DEFAULT_NAME, state_dir: Path | None = None, *, remove: bool = False) -> bool:
    """Stop a node and wait for its end; with `remove` delete its data too.

    Returns whether it was running.

    Raises:
        NodeError: there is no node of this name.
    """
    state = (state_dir or default_state_dir()).expanduser().absolute()
    info = read_record(state, name) if state.is_dir() else None
    if info is None:
        known = ", ".join(node.name for node in status(state)) or "none"
        raise NodeError(f"there is no node {name!r} in {state}; there are: {known}")
    with locked(state):
        running = _is_running(state, info)
        _end(state, info)
        write_record(state, replace(info, pid=0))
        if remove:
            if info.by == "docker":
                docker_node.remove(state, name)
            if node_folder(state, name).exists():
                shutil.rmtree(node_folder(state, name))
            record_file(state, name).unlink()
    return running


def status(state_dir: Path | None = None) -> list[NodeInfo]:
    """Every node of the state folder, running or not."""
    state = (state_dir or default_state_dir()).expanduser().absolute()
    nodes = [_current(state, info) for info in records(state)]
    return [replace(info, size_bytes=folder_size(node_folder(state, info.name))) for info in nodes]


def _launch(state: Path, info: NodeInfo, heap: str, by: str, report: Report) -> NodeInfo:
    name, port = info.name, info.port
    if by == "docker" or (by == "auto" and docker_node.reachable()):
        report("starting a container of the official image")
        docker_node.launch(state, name, port, heap, report, version=info.release)
        return replace(info, by="docker")
    java = find_java(versions=java_versions(info.release))
    home = installed(state, java, report, info.release)
    return _spawn(state, info, home, java, heap=heap, report=report)


def _launch_with_plugin(
    state: Path, info: NodeInfo, heap: str, by: str, report: Report
) -> NodeInfo:
    if by == "docker":
        raise NodeError(
            f"the node {info.name} is a container, and one with the plugin is a process: stop and "
            f"remove it (live-intent node stop {info.name} --remove), then start it --by maven. "
            "An image with the plugin: docker compose build opensearch"
        )
    java = find_java(versions=java_versions(info.release))
    used = {other.plugin_home for other in records(state) if other.name != info.name}
    home = plugin_home(state, java, report, info.release, used=used)
    info = replace(info, plugin_home=home.name)
    return _spawn(state, info, home, java, heap=heap, report=report)


def _spawn(
    state: Path, info: NodeInfo, home: Path, java: Java, *, heap: str, report: Report
) -> NodeInfo:
    folder = node_folder(state, info.name)
    folder.mkdir(parents=True, exist_ok=True)
    folder.parent.chmod(0o755)  # whatever the umask: the node may run as another user
    report(f"starting the node {info.name} on port {info.port} (Java {java.version})")
    pid = node_process.spawn(home, folder, info.name, info.port, java, heap=heap)
    return replace(info, pid=pid, folder=str(folder))


def _current(state: Path, info: NodeInfo) -> NodeInfo:
    """The node as it is now, but for its size."""
    running = _is_running(state, info)
    health, version = _health_and_version(info.url) if running else ("", "")
    pid = info.pid if running else 0
    return replace(info, running=running, pid=pid, health=health, version=version or info.version)


def _wait(state: Path, info: NodeInfo, timeout_s: float, report: Report) -> NodeInfo:
    deadline, shards = time.monotonic() + timeout_s, ""
    while True:
        current = _current(state, info)
        if current.health in ("green", "yellow"):
            return replace(current, size_bytes=folder_size(node_folder(state, info.name)))
        if current.health and (now_ready := _shards_ready(info.url)) not in ("", shards):
            shards, deadline = now_ready, time.monotonic() + timeout_s
            report(f"recovering, {shards}")
        if not current.running or time.monotonic() > deadline:
            break
        time.sleep(0.25)
    problem = f"is not ready after {timeout_s:g} s" if current.running else "ended while it started"
    if shards:
        raise NodeError(f"the node {info.name} {problem} without progress: {shards}")
    if info.by == "docker":
        cause = docker_node.log_cause(state, info.name)
    else:
        logs = node_folder(state, info.name) / "logs"
        cause = f"{node_log.cause(logs)}\nIts logs: {logs}"
    raise NodeError(f"the node {info.name} {problem}: {cause}")


def _is_running(state: Path, info: NodeInfo) -> bool:
    if info.by == "docker":
        return docker_node.runs(state, info.name)
    return info.pid > 0 and node_process.runs(info.pid, node_folder(state, info.name))


def _end(state: Path, info: NodeInfo) -> None:
    if info.by == "docker":
        docker_node.stop(state, info.name)
    elif info.pid > 0:
        node_process.end(info.pid, node_folder(state, info.name))


def _health_and_version(url: str) -> tuple[str, str]:
    """Health and version; empty strings while the node does not answer."""
    try:
        return _get(f"{url}/_cluster/health")["status"], _get(url)["version"]["number"]
    except (OSError, ValueError, KeyError):
        return "", ""


def _shards_ready(url: str) -> str:
    """How many shards the node has recovered, in words; "" while it does not answer."""
    try:
        health = _get(f"{url}/_cluster/health")
        active = int(health["active_shards"])
        waiting = int(health["initializing_shards"]) + int(health["unassigned_shards"])
    except (OSError, ValueError, KeyError):
        return ""
    return f"{active} of {active + waiting} shards are ready"


def _get(url: str) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # without a proxy
    with opener.open(url, timeout=5) as response:
        return json.load(response)
