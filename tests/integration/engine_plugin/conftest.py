"""One node with the plugin for all tests of this folder."""

import json
import os
import secrets
import urllib.request
from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch

from plugin_config.connection.client import connect
from plugin_config.engine_plugin.plugin_build import PLUGIN
from plugin_config.node import local_node
from plugin_config.node.node_process import free_port
from plugin_config.settings import ClusterSettings, load
from tests.integration.engine_plugin.visited_shop import VisitedShop


@pytest.fixture(scope="session")
def node_url() -> Iterator[str]:
    """Address of a node with the plugin: of `LIVE_INTENT_TEST_URL` if it has it, else a new one."""
    url = os.environ.get("LIVE_INTENT_TEST_URL")
    if url and has_plugin(url):
        yield url
        return
    state_dir = load(ClusterSettings).state_dir
    name = f"test-plugin-{secrets.token_hex(3)}"
    try:
        yield local_node.start(name, port=free_port(), state_dir=state_dir, plugin=True).url
    finally:
        local_node.stop(name, state_dir=state_dir, remove=True)


@pytest.fixture(scope="session")
def client(node_url: str) -> Iterator[OpenSearch]:
    """A client of the node with the plugin; that of other folders has another node."""
    connected = connect(load(ClusterSettings, opensearch_url=node_url, opensearch_timeout_s=60.0))
    yield connected
    connected.close()


def has_plugin(url: str) -> bool:
    """Whether a node has the plugin, of whichever sources."""
    with urllib.request.urlopen(f"{url}/_cat/plugins?format=json", timeout=30) as answer:
        return PLUGIN in {plugin["component"] for plugin in json.load(answer)}


@pytest.fixture(scope="session")
def shop(client: OpenSearch) -> Iterator[VisitedShop]:
    """A small shop with a pipeline, and the sessions `lamps` and `chairs`."""
    made = VisitedShop(client, f"test-{secrets.token_hex(4)}-")
    made.add_stores()
    made.put_pipeline()
    for name, shards, bulks in (("one", 1, 1), ("three", 3, 1), ("segments", 1, 8)):
        made.add_index(name, shards, bulks)
    made.visit("lamps", [4, 12, 33])
    made.visit("chairs", [1, 5, 9])
    yield made
    client.indices.delete(index=f"{made.prefix}*")
    client.transport.perform_request("DELETE", f"/_search/pipeline/{made.prefix}*")
