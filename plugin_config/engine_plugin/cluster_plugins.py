"""Which nodes of a cluster have the plugin."""

from dataclasses import dataclass

from opensearchpy import OpenSearch

from plugin_config.engine_plugin.plugin_build import PLUGIN
from plugin_config.errors import ConfigMismatch


@dataclass(frozen=True)
class NodePlugin:
    """A node, its version of OpenSearch, and that of the plugin; "" where it has none."""

    node: str
    opensearch: str
    version: str


def node_plugins(client: OpenSearch) -> list[NodePlugin]:
    """Every node of the cluster, by name."""
    response = client.nodes.info(metric="plugins")
    return sorted(
        (_node_plugin(node) for node in response["nodes"].values()), key=lambda each: each.node
    )


def refuse_nodes_without_plugin(nodes: list[NodePlugin]) -> None:
    """Raises ConfigMismatch when a node lacks the plugin, or two have different versions."""
    lacking = [f"{each.node} (OpenSearch {each.opensearch})" for each in nodes if not each.version]
    if lacking:
        raise ConfigMismatch(
            f"the plugin {PLUGIN} is not on every node; it lacks on {', '.join(lacking)}. Install "
            "it there (live-intent plugin install --opensearch-home HOME) and restart the node"
        )
    if len({each.version for each in nodes}) > 1:
        raise ConfigMismatch(
            f"the nodes have different versions of the plugin {PLUGIN}: "
            f"{', '.join(f'{each.node} {each.version}' for each in nodes)}. Install the same on "
            "each (live-intent plugin install --opensearch-home HOME --replace), and restart them"
        )


def _node_plugin(node: dict[str, object]) -> NodePlugin:
    plugins = node.get("plugins")
    versions = (
        {str(p["name"]): str(p["version"]) for p in plugins} if isinstance(plugins, list) else {}
    )
    return NodePlugin(str(node["name"]), str(node["version"]), versions.get(PLUGIN, ""))
