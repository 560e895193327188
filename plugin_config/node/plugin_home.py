"""An installation of OpenSearch with the plugin, beside the one that other nodes share."""

from pathlib import Path

from plugin_config.engine_plugin.plugin_build import PluginBuild
from plugin_config.node.distribution import Report, installed, locked
from plugin_config.node.java import find_java
from plugin_config.state_dir import make_state_dir


def built_plugin(state_dir: Path, home: Path | None, report: Report) -> Path:
    """The plugin's zip, built on the libraries of `home`; None: of a local node's installation.

    A zip of the same sources and the same JDK is taken from the state folder.

    Raises:
        NodeError: there is no JDK, or OpenSearch can't be installed.
        PluginError: the sources do not compile.
    """
    state = make_state_dir(state_dir)
    jdk = find_java(compiler=True, for_nobody=False)
    if home is None:
        with locked(state):
            home = installed(state, find_java(), report)
    return PluginBuild(jdk.home, home / "lib").cached(state / "plugin", report)
