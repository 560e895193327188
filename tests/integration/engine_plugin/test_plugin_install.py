"""`live-intent plugin install`: into an OpenSearch installation that is there."""

import os
import re
import shutil
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from plugin_config.engine_plugin.plugin_build import PluginError
from plugin_config.node import local_node
from plugin_config.settings import ClusterSettings, load
from plugin_config.state_dir import default_state_dir
from tests.engine_plugin.java_classes import opensearch_home
from tests.integration.command_line import process_environment, run


def install(home: Path, *options: object) -> "CompletedProcess[str]":
    """Run the command on an installation; what it builds stays in the usual state folder."""
    environment = process_environment(state_dir=default_state_dir())
    return run(environment, "plugin", "install", "--opensearch-home", home, *options)


@pytest.mark.timeout(600)
def test_another_build_is_replaced_only_when_asked(tmp_path: Path) -> None:
    home = tmp_path / "opensearch"
    shutil.copytree(opensearch_home(), home, copy_function=os.link)
    first = install(home)
    assert first.returncode == 0, first.stderr
    assert f"installed: live-intent-0.1.0.zip in {home} (OpenSearch 3.5.0)" in first.stdout
    assert "Start the node: it loads plugins at its start" in first.stdout
    again = install(home)
    assert (
        again.stdout
        == first.stdout.splitlines()[0].replace("installed", "already installed") + "\n"
    )

    descriptor = home / "plugins/live-intent/plugin-descriptor.properties"
    descriptor.write_text(descriptor.read_text().replace("version=0.1.0", "version=0.0.9"))
    refused = install(home)
    assert refused.returncode == PluginError.exit_code
    assert "has another build of the plugin, version 0.0.9: stop the node" in refused.stderr
    replaced = install(home, "--replace")
    assert replaced.stdout.startswith("replaced: live-intent-0.1.0.zip")
    assert "version=0.1.0\n" in descriptor.read_text()
    assert sorted(path.name for path in home.glob("plugins/*")) == ["live-intent", "opensearch-knn"]


def test_the_plugin_of_a_running_node_is_not_replaced(node_url: str) -> None:
    state_dir = load(ClusterSettings).state_dir
    info = next((info for info in local_node.status(state_dir) if info.url == node_url), None)
    if info is None:
        pytest.skip(f"the node at {node_url} is none of {state_dir}")
    policy = state_dir / info.plugin_home / "plugins/live-intent/plugin-security.policy"
    original = policy.read_text()
    policy.write_text(f"// another build\n{original}")
    try:
        refused = install(state_dir / info.plugin_home, "--replace")
    finally:
        policy.write_text(original)
    assert refused.returncode == PluginError.exit_code
    # Any of the nodes that run from it: tests side by side have one each.
    running = rf"the process \d+ runs from {re.escape(str(state_dir / info.plugin_home))} "
    assert re.search(running, refused.stderr)
    assert "stop the node first" in refused.stderr


def test_other_folders_versions_and_zips_are_refused(tmp_path: Path) -> None:
    nothing = install(tmp_path)
    assert nothing.returncode == PluginError.exit_code
    assert f"{tmp_path} is no OpenSearch installation" in nothing.stderr

    (tmp_path / "bin").mkdir()
    (tmp_path / "lib").mkdir()
    (tmp_path / "bin" / "opensearch-plugin").touch()
    (tmp_path / "lib" / "opensearch-3.4.0.jar").touch()
    (tmp_path / "other.zip").write_bytes(b"no zip")
    other = install(tmp_path, "--zip", tmp_path / "other.zip")
    assert "other.zip is no plugin's zip" in other.stderr

    environment = process_environment(state_dir=default_state_dir())
    built = run(
        environment, "plugin", "build", "--opensearch-home", opensearch_home(),
        "--output", tmp_path,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    old = install(tmp_path, "--zip", tmp_path / "live-intent-0.1.0.zip")
    assert old.returncode == PluginError.exit_code
    assert "is OpenSearch 3.4.0: the plugin loads in 3.5.0 and newer, before 3.7.0" in old.stderr
