"""A cluster of three nodes on this machine, each of which can be killed and started again."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.connection.client import connect
from plugin_config.errors import NodeError
from plugin_config.node import node_process
from plugin_config.node.distribution import installed, locked
from plugin_config.node.java import find_java
from plugin_config.settings import ClusterSettings, load
from plugin_config.state_dir import make_state_dir

NODES, HEAP = 3, "512m"
PORTS = 2 * NODES  # HTTP, then transport
PATIENCE_S = 300.0


@dataclass
class ThreeNodes:
    """Nodes below one folder, on consecutive ports of 127.0.0.1."""

    folder: Path
    first_port: int
    pids: dict[str, int] = field(default_factory=dict)

    @property
    def urls(self) -> str:
        return ",".join(f"http://127.0.0.1:{self.first_port + n}" for n in range(NODES))

    @contextmanager
    def running(self) -> Iterator[OpenSearch]:
        """Start all nodes and yield a client of the cluster; end them, whatever happens."""
        taken = [p for n in range(PORTS) if node_process.port_taken(p := self.first_port + n)]
        if taken:
            raise NodeError(f"the ports {taken} are taken: name others with --first-port")
        client = connect(load(ClusterSettings, opensearch_url=self.urls, opensearch_timeout_s=30.0))
        try:
            for number in range(NODES):
                self.start(f"n{number}")
            self.wait_until_green(client)
            yield client
        finally:
            client.close()
            for name, pid in self.pids.items():
                self.signal(name, signal.SIGCONT)
                node_process.end(pid, self.folder / name, timeout_s=20)

    def start(self, name: str) -> None:
        """Start one node, also one that was killed: it keeps its data."""
        java, state = find_java(), make_state_dir(load(ClusterSettings).state_dir)
        with locked(state):
            home = installed(state, java, print)
        folder, number = self.folder / name, int(name[1:])
        folder.mkdir(exist_ok=True)
        transport = [self.first_port + NODES + n for n in range(NODES)]
        own: dict[str, Any] = {
            "cluster.name": f"live-intent-three-nodes-{self.first_port}",
            "discovery.type": None,
            "transport.port": transport[number],
            "discovery.seed_hosts": json.dumps([f"127.0.0.1:{port}" for port in transport]),
            "cluster.initial_cluster_manager_nodes": json.dumps([f"n{n}" for n in range(NODES)]),
        }
        port = self.first_port + number
        self.pids[name] = node_process.spawn(home, folder, name, port, java, heap=HEAP, own=own)

    def kill(self, name: str) -> None:
        """Kill a node, and wait until its process is gone."""
        self.signal(name, signal.SIGKILL)
        node_process.end(self.pids[name], self.folder / name)

    def signal(self, name: str, number: signal.Signals) -> None:
        if node_process.runs(self.pids[name], self.folder / name):
            os.kill(self.pids[name], number)

    def manager(self, client: OpenSearch) -> str:
        """The name of the elected cluster manager."""
        [row] = client.cat.cluster_manager(params={"format": "json"})
        return str(row["node"])

    def wait_until_green(self, client: OpenSearch) -> None:
        """Return when all nodes are there, and all copies of all shards. Raises NodeError."""
        deadline = time.monotonic() + PATIENCE_S
        # Without `request_timeout` the client takes `timeout` for its own.
        waiting = {"timeout": "10s", "request_timeout": 15}
        wanted = {"wait_for_nodes": str(NODES), "wait_for_status": "green", **waiting}
        while True:
            try:
                if not client.cluster.health(params=wanted)["timed_out"]:
                    return
                cause = "timed out"
            except OpenSearchException as error:
                cause = str(error)
            if time.monotonic() > deadline:
                raise NodeError(f"{NODES} nodes are not green in {PATIENCE_S:.0f} s: {cause}")
            time.sleep(0.2)
