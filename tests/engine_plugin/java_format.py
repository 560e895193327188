"""google-java-format over the plugin, run by `scripts/java-format`; `--check` changes nothing."""

import subprocess
import sys

from plugin_config.engine_plugin.plugin_build import SOURCES
from tests.engine_plugin.java_classes import jdk_tool, pinned_jar

JAR = "google-java-format-1.34.1-all-deps.jar"
SOURCE = ("com.google.googlejavaformat", "google-java-format", "1.34.1")
SHA256 = "79e1cb5c8bd698c572c0ae504d07816129b8fc06204fb49550bec83bd5ea0aa8"


def unformatted() -> list[str]:
    """The files that the formatter would change."""
    return run("--dry-run").splitlines()


def run(mode: str) -> str:
    """Run the formatter over every file; return what it prints."""
    jar = pinned_jar(JAR, SOURCE, SHA256)
    files = sorted(path for path in SOURCES.rglob("*.java") if "target" not in path.parts)
    command = [jdk_tool("java"), "-XX:TieredStopAtLevel=1", "-jar", jar, mode, *files]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit("\n".join(unformatted()) or 0)
    run("--replace")
