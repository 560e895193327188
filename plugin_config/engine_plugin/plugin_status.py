"""What a cluster has of the plugin: on its nodes, the pipeline, the models of items indexes."""

from dataclasses import dataclass

from opensearchpy import OpenSearch

from plugin_config.engine_plugin.cluster_plugins import NodePlugin, node_plugins
from plugin_config.engine_plugin.search_pipeline import SearchPipeline
from plugin_config.schema import IndexNames


@dataclass(frozen=True)
class PluginStatus:
    """The plugin in a cluster.

    `pipeline`: its name, "" where there is none of ours; `default_of`: indexes that use it;
    `items`: the index behind the alias, "" for none; `has_model`: whether the plugin can rank it.
    """

    nodes: list[NodePlugin]
    pipeline: str
    default_of: list[str]
    items: str
    has_model: bool

    def lines(self) -> list[str]:
        """What there is, to read."""
        nodes = [
            f"node {each.node} (OpenSearch {each.opensearch}): "
            + (f"plugin {each.version}" if each.version else "no plugin")
            for each in self.nodes
        ]
        used = f", the default of {', '.join(self.default_of)}" if self.default_of else ""
        return [
            *nodes,
            f"pipeline: {self.pipeline}{used}" if self.pipeline else "pipeline: none",
            f"items: {self.items or 'none'}",
            f"model: {'there' if self.has_model else 'none'}",
        ]

    @property
    def missing(self) -> list[str]:
        """What lacks before a search of items is personalised, and how to get it."""
        lines = []
        if not all(node.version for node in self.nodes):
            lines.append(
                "nodes lack the plugin: live-intent plugin install --opensearch-home HOME, then "
                "restart them"
            )
        elif len({node.version for node in self.nodes}) > 1:
            lines.append("nodes have different versions: install the same on each (--replace)")
        if not self.pipeline:
            lines.append("no search pipeline: live-intent config apply --pipeline")
        if not self.items:
            lines.append("no items index: live-intent index rebuild CATALOGUE")
        elif not self.has_model:
            lines.append(f"no model of {self.items}: live-intent config apply --pipeline")
        return lines


def plugin_status(client: OpenSearch, names: IndexNames) -> PluginStatus:
    """Ask the cluster."""
    pipeline = SearchPipeline(client, names)
    live = client.indices.get_alias(index=names.items_pattern, name=names.items, ignore=[404])
    index = next((index for index, body in live.items() if isinstance(body, dict)), "")
    return PluginStatus(
        node_plugins(client),
        names.search_pipeline if pipeline.is_ours() else "",
        pipeline.default_of(),
        index,
        bool(index) and bool(client.exists(index=names.engine_models, id=index)),
    )
