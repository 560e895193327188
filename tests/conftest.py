"""One real OpenSearch node for all tests, and a prefix of their own for those that write."""

import os
import secrets
from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch

from plugin_config.client import connect, ping_or_raise
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load


@pytest.fixture(scope="session")
def node_url() -> Iterator[str]:
    """Address of a real node: `LIVE_INTENT_TEST_URL`, else one started for this run.

    What was downloaded stays in the state folder, so that the next run starts quickly.
    """
    given = os.environ.get("LIVE_INTENT_TEST_URL")
    if given:
        yield given
        return
    from plugin_config.node import local_node
    from plugin_config.node.node_process import free_port

    state_dir = load(ClusterSettings).state_dir
    name = f"test-{secrets.token_hex(3)}"
    info = local_node.start(name, port=free_port(), state_dir=state_dir)
    try:
        yield info.url
    finally:
        local_node.stop(name, state_dir=state_dir, remove=True)


@pytest.fixture(scope="session")
def client(node_url: str) -> Iterator[OpenSearch]:
    """A client for the node."""
    connected = connect(load(ClusterSettings, opensearch_url=node_url, opensearch_timeout_s=60.0))
    ping_or_raise(connected)
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def names(client: OpenSearch) -> Iterator[IndexNames]:
    """Names below a prefix of this module's own; all that is below it is deleted afterwards."""
    yield from _own_names(client)


@pytest.fixture
def fresh_names(client: OpenSearch) -> Iterator[IndexNames]:
    """As `names`, for one test alone."""
    yield from _own_names(client)


@pytest.fixture(scope="module")
def cluster_settings(node_url: str, names: IndexNames) -> ClusterSettings:
    """Settings for the node and the prefix of `names`."""
    return load(
        ClusterSettings,
        opensearch_url=node_url,
        index_prefix=names.prefix,
        opensearch_timeout_s=60.0,
    )


def _own_names(client: OpenSearch) -> Iterator[IndexNames]:
    own = IndexNames(f"test-{secrets.token_hex(4)}-")
    yield own
    client.indices.delete(index=f"{own.prefix}*", params={"expand_wildcards": "all"})
    client.indices.delete_index_template(name=f"{own.prefix}*", ignore=[404])
