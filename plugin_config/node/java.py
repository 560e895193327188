"""Finds a Java installation for a local node."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plugin_config.errors import NodeError
from plugin_config.state_dir import closed_to_nobody

FOLDERS = (
    ("/usr/lib/jvm", "*"),
    ("~/.sdkman/candidates/java", "*"),
    ("/opt", "*"),
    ("/opt/java", "*"),
    ("/opt/homebrew/opt", "openjdk*"),
    ("/Library/Java/JavaVirtualMachines", "*/Contents/Home"),
)


@dataclass(frozen=True)
class Java:
    """A Java installation: its home folder and its feature version (17, 21, 25, ...)."""

    home: Path
    version: int


def find_java(
    environment: Mapping[str, str] | None = None,
    *,
    versions: tuple[int, int | None] = (21, None),
    folders: Sequence[tuple[str, str]] = FOLDERS,
    for_nobody: bool | None = None,
    compiler: bool = False,
) -> Java:
    """`JAVA_HOME`, then `java` in the path, then the newest in `folders` (folder, glob pattern).

    `versions`: the oldest and the newest that are good. `for_nobody` (default: if this user is
    root) skips those that the user `nobody` can't enter. `compiler`: only a JDK will do.

    Raises:
        NodeError: none is new enough; the message lists what was found and how to get one.
    """
    env = os.environ if environment is None else environment
    as_nobody = os.geteuid() == 0 if for_nobody is None else for_nobody
    rejected: list[str] = []
    for home in _configured(env):
        java = _usable(home, versions, as_nobody, rejected, compiler)
        if java:
            return java
    others = [
        _usable(home, versions, as_nobody, rejected, compiler) for home in _installed(env, folders)
    ]
    newest = max(filter(None, others), key=lambda java: java.version, default=None)
    if newest:
        return newest
    unusable = f"; found only {', '.join(dict.fromkeys(rejected))}" if rejected else ""
    oldest, newest_good = versions
    until = f"to {newest_good}" if newest_good else "or newer"
    needs, package = "OpenSearch needs Java", "jre"
    if compiler:
        needs, package = "the plugin's build needs a JDK of Java", "jdk"
    raise NodeError(
        f"{needs} {oldest} {until}, and none was found{unusable}. Install one "
        f"(Debian, Ubuntu: apt-get install openjdk-{oldest}-{package}-headless; macOS: brew "
        "install openjdk; or Temurin from adoptium.net) or set JAVA_HOME to its folder."
    )


def java_options() -> str:
    """Options of the user's for every JVM of OpenSearch; what is written after them wins."""
    return os.environ.get("OPENSEARCH_JAVA_OPTS", "")


def _configured(env: Mapping[str, str]) -> Iterator[Path]:
    if env.get("JAVA_HOME"):
        yield Path(env["JAVA_HOME"]).expanduser()
    on_path = shutil.which("java", path=env.get("PATH", os.defpath))
    if on_path:
        yield Path(on_path).resolve().parent.parent


def _installed(env: Mapping[str, str], folders: Sequence[tuple[str, str]]) -> Iterator[Path]:
    for folder, pattern in folders:
        path = Path(folder.replace("~", env.get("HOME", "/nonexistent"), 1))
        if os.access(path, os.R_OK | os.X_OK):
            yield from sorted(path.glob(pattern))


def _usable(
    home: Path,
    versions: tuple[int, int | None],
    as_nobody: bool,
    rejected: list[str],
    compiler: bool,
) -> Java | None:
    """The Java in this folder; None if it can't be used, with the reason added to `rejected`."""
    home = home.resolve()
    if not (home / "bin" / "java").is_file():
        return None
    version = _version(home)
    if version is None:
        rejected.append(f"{home} (does not run)")
    elif version < versions[0] or version > (versions[1] or version):
        rejected.append(f"{home} (Java {version})")
    elif compiler and not (home / "bin" / "javac").is_file():
        rejected.append(f"{home} (Java {version}, without the compiler javac)")
    elif as_nobody and (folder := closed_to_nobody(home / "bin")):
        rejected.append(f"{home} (Java {version}, but the user nobody can't enter {folder})")
    else:
        return Java(home, version)
    return None


def _version(home: Path) -> int | None:
    """The feature version, from the file `release` if it exists, else by running Java."""
    try:
        text = (home / "release").read_text(encoding="utf-8")
    except OSError:
        text = ""
    match = re.search(r'^JAVA_VERSION="(\d+)', text, re.MULTILINE)
    if match is None:
        try:
            ran = subprocess.run(
                [home / "bin" / "java", "-version"],
                capture_output=True,
                text=True,
                timeout=20,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        match = re.search(r'version "(\d+)', ran.stderr)
    return int(match[1]) if match else None
