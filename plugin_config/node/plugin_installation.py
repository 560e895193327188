"""Installs the plugin's zip into an OpenSearch installation of the user's."""

import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from plugin_config.engine_plugin.plugin_build import DESCRIPTOR, PLUGIN, PluginError, zip_descriptor
from plugin_config.node.distribution import install_plugin
from plugin_config.node.java import FOLDERS, Java, find_java

Outcome = Literal["installed", "replaced", "already installed"]


@dataclass(frozen=True)
class OpenSearchHome:
    """The folder of an installation, which has bin, lib and plugins."""

    folder: Path

    @property
    def version(self) -> str:
        """Of OpenSearch. Raises PluginError if the folder is no installation."""
        jars = [re.fullmatch(r"opensearch-(\d+\.\d+\.\d+).*\.jar", path.name) for path in self.jars]
        versions = {jar[1] for jar in jars if jar}
        if not versions or not (self.folder / "bin" / "opensearch-plugin").is_file():
            raise PluginError(
                f"{self.folder} is no OpenSearch installation: it has no bin/opensearch-plugin and "
                "lib/opensearch-<version>.jar. Name its home folder, such as "
                "/usr/share/opensearch"
            )
        return max(versions)

    @property
    def jars(self) -> list[Path]:
        """Its libraries."""
        return sorted(self.folder.glob("lib/opensearch-[0-9]*.jar"))

    @property
    def java(self) -> Java:
        """The Java of this machine, else the one that the installation brings."""
        return find_java(for_nobody=False, folders=(*FOLDERS, (str(self.folder), "jdk")))

    def install(self, archive: Path, *, replace: bool = False) -> Outcome:
        """Install a zip, in place of another one only with `replace`.

        Raises:
            PluginError: the folder or the zip does not fit, another one is installed, or a node
                runs from this folder while the one installed is to be replaced.
            NodeError: OpenSearch refuses the zip.
        """
        descriptor = plugin_descriptor(archive)
        check_range(self.version, descriptor["dependencies"], self.folder)
        present = self.folder / "plugins" / PLUGIN
        if not present.exists():
            install_plugin(self.folder, archive, self.java)
            return "installed"
        if _holds(present, archive):
            return "already installed"
        if not replace:
            raise PluginError(
                f"{present} has another build of the plugin, version {_version(present)}: stop the "
                "node, and add --replace"
            )
        if pid := running_from(self.folder):
            raise PluginError(
                f"the process {pid} runs from {self.folder} with the plugin that is to be "
                "replaced: stop the node first"
            )
        shutil.rmtree(present)
        install_plugin(self.folder, archive, self.java)
        return "replaced"


def plugin_descriptor(archive: Path) -> dict[str, str]:
    """The descriptor in a zip. Raises PluginError if it is none of this plugin."""
    try:
        descriptor = zip_descriptor(archive)
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise PluginError(
            f"{archive} is no plugin's zip ({error}): live-intent plugin build"
        ) from error
    if descriptor.get("name") != PLUGIN:
        raise PluginError(f"{archive} is the plugin {descriptor.get('name')!r}, not {PLUGIN}")
    return descriptor


def check_range(version: str, dependencies: str, folder: Path) -> None:
    """Raises PluginError for an OpenSearch outside the descriptor's `[oldest,newer)`."""
    match = re.search(r"\[(\d+\.\d+\.\d+),\s*(\d+\.\d+\.\d+)\)", dependencies)
    if match is None:
        raise PluginError(
            f"the plugin's range of OpenSearch versions can't be read: {dependencies}"
        )
    if not _numbers(match[1]) <= _numbers(version) < _numbers(match[2]):
        raise PluginError(
            f"{folder} is OpenSearch {version}: the plugin loads in {match[1]} and newer, before "
            f"{match[2]}"
        )


def running_from(home: Path) -> int:
    """The pid of a node that runs from this installation; 0 for none."""
    ran = subprocess.run(
        ["ps", "-ww", "-A", "-o", "pid=,command="], capture_output=True, text=True, check=False
    )
    wanted = f"-Dopensearch.path.home={home.resolve()} "
    for line in ran.stdout.splitlines():
        if wanted in f"{line} ":
            return int(line.split(maxsplit=1)[0])
    return 0


def _holds(folder: Path, archive: Path) -> bool:
    """Whether an installed plugin has the files of the zip, byte for byte."""
    with zipfile.ZipFile(archive) as source:
        for name in source.namelist():
            path = folder / name
            if not path.is_file() or path.read_bytes() != source.read(name):
                return False
    return True


def _version(folder: Path) -> str:
    try:
        text = (folder / DESCRIPTOR).read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    match = re.search(r"^version=(.*)$", text, re.MULTILINE)
    return match[1] if match else "unknown"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
