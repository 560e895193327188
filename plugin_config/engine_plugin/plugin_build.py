"""Builds the plugin's zip from its sources, with a JDK and the libraries of a node."""

import hashlib
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from plugin_config.errors import LiveIntentError

SOURCES = Path(__file__).parents[2] / "engine_plugin"  # beside this package, installed too
PLUGIN = "live-intent"  # its name inside OpenSearch
DESCRIPTOR = "plugin-descriptor.properties"


class PluginError(LiveIntentError):
    """The plugin could not be built or installed."""

    exit_code = 5


@dataclass(frozen=True)
class PluginBuild:
    """What a build takes: the home folder of a JDK, the jars of a node, the sources."""

    jdk: Path
    libraries: Path
    sources: Path = SOURCES

    @property
    def digest(self) -> str:
        """A hash of all that the zip depends on: sources, compiler, names of the libraries."""
        digest = hashlib.sha256()
        inputs = [path for path in _inputs(self.sources) if path.is_file()]
        for path in (*inputs, self.jdk / "release"):
            digest.update(f"{path.name}\0".encode())
            digest.update(path.read_bytes() if path.is_file() else str(path).encode())
        for path in sorted(self.libraries.glob("*.jar")):
            digest.update(f"{path.name}\0".encode())
        return digest.hexdigest()

    def write(self, target: Path) -> None:
        """Compile, and write the zip.

        The same sources and the same release of the JDK give the same bytes.

        Raises:
            PluginError: sources or libraries are missing, or the compiler refuses the sources.
        """
        program = self.sources / "tools" / "PluginBuild.java"
        if not program.is_file():
            raise PluginError(f"the plugin's sources are not in {self.sources}: install again")
        if not any(self.libraries.glob("opensearch-[0-9]*.jar")):
            raise PluginError(
                f"{self.libraries} has no opensearch-<version>.jar: name the home folder of an "
                "OpenSearch installation, whose lib folder has it"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="building-", dir=target.parent) as work:
            partial = Path(work, target.name)
            command: list[str | Path] = [
                *(self.jdk / "bin" / "java", "-XX:TieredStopAtLevel=1"),  # it ends soon
                *(program, self.sources, self.libraries, Path(work, "classes"), partial),
            ]
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
            if ran.returncode != 0:
                output = ran.stderr.strip() or ran.stdout.strip()
                raise PluginError(f"the plugin does not compile with {self.jdk}:\n{output[-4000:]}")
            partial.replace(target)

    def cached(self, folder: Path, report: Callable[[str], None] = lambda line: None) -> Path:
        """The zip in a subfolder of `folder` of its own; built if it is missing."""
        name = f"{PLUGIN}-{source_version(self.sources)}.zip"
        target = folder / self.digest[:12] / name
        if not target.is_file():
            report(f"compiling the plugin with {self.jdk}")
            self.write(target)
        return target


def source_version(sources: Path = SOURCES) -> str:
    """The version that pom.xml gives the plugin."""
    from xml.etree import ElementTree

    version = ElementTree.parse(sources / "pom.xml").findtext("{*}version")
    assert version is not None
    return version


def zip_descriptor(archive: Path) -> dict[str, str]:
    """The keys and values of the descriptor in a plugin's zip."""
    with zipfile.ZipFile(archive) as source:
        text = source.read(DESCRIPTOR).decode("utf-8")
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def _inputs(sources: Path) -> list[Path]:
    own = [sources / name for name in ("pom.xml", DESCRIPTOR, "plugin-security.policy")]
    return [*own, *sorted(sources.glob("tools/*.java")), *sorted(sources.glob("src/main/**/*"))]
