"""Which nodes lack the plugin, or have another version of it."""

import pytest

from plugin_config.engine_plugin.cluster_plugins import NodePlugin, refuse_nodes_without_plugin
from plugin_config.errors import ConfigMismatch

A = NodePlugin("a", "3.5.0", "0.1.0")


def test_the_same_version_on_every_node_is_good() -> None:
    refuse_nodes_without_plugin([A, NodePlugin("b", "3.6.0", "0.1.0")])


def test_a_node_without_it_is_named() -> None:
    nodes = [A, NodePlugin("b", "3.5.0", ""), NodePlugin("c", "3.6.0", "")]
    with pytest.raises(ConfigMismatch, match=r"lacks on b \(OpenSearch 3.5.0\), c \(OpenSearch"):
        refuse_nodes_without_plugin(nodes)


def test_other_versions_are_named() -> None:
    with pytest.raises(ConfigMismatch, match=r"different versions .*: a 0\.1\.0, b 0\.2\.0\."):
        refuse_nodes_without_plugin([A, NodePlugin("b", "3.5.0", "0.2.0")])
