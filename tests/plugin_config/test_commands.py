"""The commands `live-intent config` and `live-intent node`."""

import click
from click.testing import CliRunner
from opensearchpy import OpenSearch

from plugin_config.commands import config
from plugin_config.errors import ConfigMismatch
from plugin_config.node.commands import node
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


def test_every_option_has_a_line_of_help() -> None:
    for group in (config, node):
        for command in group.commands.values():
            assert command.help
            for parameter in command.params:
                if isinstance(parameter, click.Option):
                    assert parameter.help, (command.name, parameter.name)
