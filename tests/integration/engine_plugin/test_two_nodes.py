"""Shards on two nodes: what travels between them, and the order of three shards as of one."""

import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.connection.client import connect
from plugin_config.node import node_process
from plugin_config.node.distribution import locked
from plugin_config.node.java import find_java
from plugin_config.node.plugin_home import plugin_home
from plugin_config.settings import ClusterSettings, load
from plugin_config.state_dir import make_state_dir
from tests.integration.engine_plugin.visited_shop import VisitedShop, ids, scores, state
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
NODES = 2


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[list[OpenSearch]]:
    """A client of each node of a cluster of two with the plugin."""
    state_dir, java = make_state_dir(load(ClusterSettings).state_dir), find_java()
    with locked(state_dir):
        home = plugin_home(state_dir, java, print)
    folder = state_dir / f"two-nodes-{secrets.token_hex(3)}"
    folder.mkdir()
    ports = [node_process.free_port() for _ in range(2 * NODES)]
    transport = ports[NODES:]
    pids = []
    try:
        for number in range(NODES):
            own: dict[str, Any] = {
                "cluster.name": folder.name,
                "discovery.type": None,
                "transport.port": transport[number],
                "discovery.seed_hosts": json.dumps([f"127.0.0.1:{port}" for port in transport]),
                "cluster.initial_cluster_manager_nodes": json.dumps(["n0"]),
            }
            name = f"n{number}"
            (folder / name).mkdir()
            pids.append(
                node_process.spawn(
                    home, folder / name, name, ports[number], java, heap="384m", own=own
                )
            )
        urls = [f"http://127.0.0.1:{port}" for port in ports[:NODES]]
        clients = [
            connect(load(ClusterSettings, opensearch_url=url, opensearch_timeout_s=60.0))
            for url in urls
        ]
        wait_until(lambda: all(map(together, clients)), timeout_s=240)
        yield clients
        for client in clients:
            client.close()
    finally:
        for number, pid in enumerate(pids):
            node_process.end(pid, folder / f"n{number}", timeout_s=20)
        shutil.rmtree(folder, ignore_errors=True)


def test_three_shards_on_two_nodes_answer_as_one(two_nodes: list[OpenSearch]) -> None:
    shop = VisitedShop(two_nodes[0], "test-two-")
    shop.add_stores()
    shop.put_pipeline()
    one, three = shop.add_index("one"), shop.add_index("three", 3)
    shop.visit("lamps", [4, 12, 33])
    rows = shop.client.cat.shards(index=three, format="json")
    assert len({row["node"] for row in rows}) == NODES
    expected = shop.search(one, "lamps", size=60, live_intent={"explain": True})
    dfs = {"search_type": "dfs_query_then_fetch"}
    for client in two_nodes:  # that coordinates
        shop = replace(shop, client=client)
        answer = shop.search(
            three, "lamps", size=60, params=dfs, live_intent={"explain": True}, explain=True
        )
        assert ids(answer) == ids(expected)
        np.testing.assert_allclose(scores(answer), scores(expected), rtol=1e-5)
        assert [row["_id"] for row in state(answer)["hits"]] == ids(expected)
        gathered = shop.search(three, "lamps", size=60, explain=True, live_intent={"explain": True})
        assert gathered["_shards"]["failed"] == 0
        for row, hit in zip(state(gathered)["hits"], gathered["hits"]["hits"], strict=True):
            assert (row["_id"], row["score"]) == (hit["_id"], hit["_score"])
            assert hit["_explanation"]["value"] == hit["_score"]
    statistics = shop.client.transport.perform_request("GET", "/_plugins/_live_intent/stats")
    assert statistics["_nodes"]["successful"] == NODES
    counted = [node["personalised"] for node in statistics["nodes"].values()]
    assert sorted(counted) == [2, 3]


def together(client: OpenSearch) -> bool:
    """Whether both nodes are one cluster."""
    waiting = {"wait_for_nodes": str(NODES), "timeout": "5s", "request_timeout": 10}
    try:
        return not client.cluster.health(params=waiting)["timed_out"]
    except OpenSearchException:
        return False
