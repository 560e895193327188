"""The plugin's Java, compiled with its tests and run by JUnit in one process."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from plugin_config.engine_plugin.plugin_build import SOURCES
from plugin_config.node.distribution import downloaded, installed, locked
from plugin_config.node.java import find_java
from plugin_config.state_dir import default_state_dir, make_state_dir

JUNIT = ("org.junit.platform", "junit-platform-console-standalone", "1.13.4")
JUNIT_SHA256 = "3fdfc37e29744a9a67dd5365e81467e26fbde0b7aa204e6f8bbe79eeaa7ae892"


def pinned_jar(name: str, source: tuple[str, str, str], sha256: str) -> Path:
    """A jar from Maven Central, once, which must have this checksum."""
    jar = downloaded(make_state_dir(default_state_dir()), name, print, source)
    digest = hashlib.sha256(jar.read_bytes()).hexdigest()
    assert digest == sha256, f"{jar} is not the jar that was pinned: {digest}"
    return jar


def opensearch_home() -> Path:
    """The installation that local nodes share."""
    state = make_state_dir(default_state_dir())
    with locked(state):
        return installed(state, find_java(), print)


@dataclass(frozen=True)
class JavaClasses:
    """The compiled sources and tests, in `folder`, and the class path that runs them."""

    folder: Path
    class_path: str

    def run_main(self, *arguments: str | Path) -> str:
        """Run a class with its arguments; return what it prints."""
        quick = ["-ea", "-XX:TieredStopAtLevel=1"]
        return run(jdk_tool("java"), *quick, "-cp", self.class_path, *arguments)

    def run_tests(self) -> str:
        """Run the JUnit tests among the classes; return what JUnit prints."""
        launcher = ["org.junit.platform.console.ConsoleLauncher", "execute"]
        what = [f"--scan-classpath={self.folder}", "--details=tree", "--disable-banner"]
        return self.run_main(*launcher, *what, "--fail-if-no-tests")


def compiled(folder: Path) -> JavaClasses:
    """Compile the sources and their tests below `folder`."""
    junit = pinned_jar(f"{JUNIT[1]}-{JUNIT[2]}.jar", JUNIT, JUNIT_SHA256)
    class_path = f"{opensearch_home() / 'lib'}/*:{junit}"
    sources = sorted(map(str, (SOURCES / "src").rglob("*.java")))
    compiler = [jdk_tool("javac"), "-J-XX:TieredStopAtLevel=1", "--release", "21"]
    run(*compiler, "-Xlint:all", "-Werror", "-proc:none", "-d", folder, "-cp", class_path, *sources)
    return JavaClasses(folder, f"{folder}:{class_path}")


def jdk_tool(name: str) -> Path:
    return find_java(compiler=True, for_nobody=False).home / "bin" / name


def run(*command: str | Path) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert ended.returncode == 0, f"{ended.stdout[-20000:]}\n{ended.stderr[-10000:]}"
    return ended.stdout
