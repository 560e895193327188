"""The commands `live-intent config` and `live-intent node`."""

import click
import pytest
from click.testing import CliRunner
from opensearchpy import OpenSearch

from plugin_config.commands import config
from plugin_config.engine_plugin.cluster_plugins import node_plugins
from plugin_config.errors import ConfigMismatch
from plugin_config.node.commands import node
from plugin_config.node.plugin_commands import plugin
from plugin_config.schema import IndexNames


def test_config_apply_plans_then_applies_then_has_nothing_to_do(
    client: OpenSearch, fresh_names: IndexNames, node_url: str
) -> None:
    arguments = ["apply", "--url", node_url, "--prefix", fresh_names.prefix]
    planned = CliRunner().invoke(config, [*arguments, "--dry-run"])
    assert f"would be created: index {fresh_names.sessions}\n" in planned.output
    assert not client.indices.exists(index=fresh_names.sessions)
    done = CliRunner().invoke(config, arguments)
    assert done.stdout == planned.stdout.replace("would be ", "")
    assert CliRunner().invoke(config, arguments).stdout == "nothing to change\n"


def test_an_unknown_analyzer_is_an_error_that_says_how_to_fix_it(
    fresh_names: IndexNames, node_url: str
) -> None:
    arguments = ["apply", "--url", node_url, "--prefix", fresh_names.prefix, "--analyzer", "nori"]
    failed = CliRunner().invoke(config, arguments)
    assert isinstance(failed.exception, ConfigMismatch)
    assert "install its plugin" in str(failed.exception)


def test_the_pipeline_is_refused_where_a_node_lacks_the_plugin(
    client: OpenSearch, fresh_names: IndexNames, node_url: str
) -> None:
    if any(node.version for node in node_plugins(client)):
        pytest.skip(f"the node at {node_url} has the plugin")
    arguments = ["apply", "--url", node_url, "--prefix", fresh_names.prefix, "--pipeline"]
    failed = CliRunner().invoke(config, arguments)
    assert isinstance(failed.exception, ConfigMismatch)
    assert "the plugin live-intent is not on every node; it lacks on" in str(failed.exception)
    assert "live-intent plugin install" in str(failed.exception)
    assert client.indices.get(index=f"{fresh_names.prefix}*") == {}


def test_every_option_has_a_line_of_help() -> None:
    for group in (config, node, plugin):
        for command in group.commands.values():
            assert command.help
            for parameter in command.params:
                if isinstance(parameter, click.Option):
                    assert parameter.help, (command.name, parameter.name)
