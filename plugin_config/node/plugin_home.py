"""An installation of OpenSearch with the plugin, beside the one that other nodes share."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path

from plugin_config.engine_plugin.plugin_build import PluginBuild
from plugin_config.node.distribution import (
    Report,
    install_plugin,
    installed,
    locked,
    open_to_everyone,
)
from plugin_config.node.java import FOLDERS, Java, find_java
from plugin_config.state_dir import make_state_dir
from plugin_config.versions import DEFAULT


def built_plugin(state_dir: Path, home: Path | None, report: Report) -> Path:
    """The plugin's zip, built on the libraries of `home`; None: of a local node's installation.

    A zip of the same sources, libraries and JDK is taken from the state folder.

    Raises:
        NodeError: there is no JDK, or OpenSearch can't be installed.
        PluginError: the sources do not compile.
    """
    state = make_state_dir(state_dir)
    with locked(state):
        return _built(state, home or installed(state, find_java(), report), report)


def plugin_home(
    state: Path, java: Java, report: Report, version: str = DEFAULT, *, used: Collection[str] = ()
) -> Path:
    """Folder of an installation of a version with the plugin of the present sources.

    Its name ends with a hash of the plugin's zip. The files are hard links to those of the
    installation without it, which stays as it is. Installations with an earlier plugin are deleted,
    but for those whose names are `used`. The caller holds the lock of `locked`.

    Raises:
        NodeError: there is no JDK, or an installation fails.
        PluginError: the sources do not compile.
    """
    plain = installed(state, java, report, version)
    archive = _built(state, plain, report)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()[:12]
    home = state / f"{plain.name}-plugin-{digest}"
    if home.is_dir():
        return home
    report(f"installing the plugin beside OpenSearch {version}")
    partial = Path(tempfile.mkdtemp(prefix="installing-", dir=state))
    try:
        linked = partial / home.name
        shutil.copytree(plain, linked, copy_function=os.link)
        install_plugin(linked, archive, java)
        open_to_everyone(linked)
        linked.rename(home)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for earlier in state.glob(f"{plain.name}-plugin-*"):
        if earlier != home and earlier.name not in used:
            shutil.rmtree(earlier)
    return home


def _built(state: Path, home: Path, report: Report) -> Path:
    own = (str(home), "jdk")  # the official image brings a JDK
    jdk = find_java(compiler=True, for_nobody=False, folders=(*FOLDERS, own))
    return PluginBuild(jdk.home, home / "lib").cached(state / "plugin", report)
