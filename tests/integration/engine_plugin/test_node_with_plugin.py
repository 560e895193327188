"""`live-intent node start --with-plugin`: a node of its own installation."""

import os

import pytest
from opensearchpy import OpenSearch

from plugin_config.engine_plugin.plugin_build import source_version
from plugin_config.errors import NodeError
from plugin_config.node import local_node
from plugin_config.settings import ClusterSettings, load


def test_the_node_has_the_plugin_beside_k_nn(client: OpenSearch) -> None:
    plugins = {row["component"]: row["version"] for row in client.cat.plugins(format="json")}
    assert plugins["live-intent"] == source_version()
    assert "opensearch-knn" in plugins


def test_nodes_without_it_keep_their_installation(node_url: str) -> None:
    state_dir = load(ClusterSettings).state_dir
    info = next((info for info in local_node.status(state_dir) if info.url == node_url), None)
    if info is None:
        pytest.skip(f"the node at {node_url} is none of {state_dir}")
    plain, home = state_dir / f"opensearch-{info.release}", state_dir / info.plugin_home
    assert home.name.startswith(f"{plain.name}-plugin-")
    assert [path.name for path in plain.glob("plugins/*")] == ["opensearch-knn"]
    assert sorted(path.name for path in home.glob("plugins/*")) == ["live-intent", "opensearch-knn"]
    [library] = plain.glob("lib/opensearch-core-*.jar")
    assert os.path.samefile(library, home / "lib" / library.name)  # no second copy

    with pytest.raises(NodeError, match=rf"{info.name} already runs, with the plugin: stop it"):
        local_node.start(info.name, state_dir=state_dir, plugin=False)
    assert local_node.start(info.name, state_dir=state_dir).already_running
