"""Installs OpenSearch with k-NN from Maven Central, once for all nodes of a state folder."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from plugin_config.errors import NodeError
from plugin_config.file_lock import locked_file
from plugin_config.node.java import Java, java_options
from plugin_config.versions import DEFAULT, knn_release, maven_has_modules

COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
Report = Callable[[str], None]


def artifacts(version: str = DEFAULT) -> dict[str, tuple[str, str, str]]:
    """The archives of a version by file name: group, artifact and release at Maven Central."""
    knn = knn_release(version)
    server = ("org.opensearch.distribution.integ-test-zip", "opensearch", version)
    return {
        f"opensearch-{version}.zip": server,
        f"opensearch-knn-{knn}.zip": ("org.opensearch.plugin", "opensearch-knn", knn),
    }


@contextmanager
def locked(state_dir: Path) -> Iterator[None]:
    """Hold the state folder's lock: one process at a time installs, starts or removes."""
    with locked_file(state_dir / "lock"):
        yield


def installed(state_dir: Path, java: Java, report: Report, version: str = DEFAULT) -> Path:
    """Folder of the installation of a version that all nodes share; installs it if it is missing.

    The caller holds the lock of `locked`.

    Raises:
        NodeError: Maven is missing or can't get a file, or has no such version.
    """
    home = state_dir / f"opensearch-{version}"
    if home.is_dir():
        return home
    if not maven_has_modules(version):
        raise NodeError(
            f"Maven Central has OpenSearch {version} without the modules that k-NN needs: choose "
            "3.0.0 or newer, or start it as a container (--by docker)"
        )
    archives = [
        downloaded(state_dir, name, report, source) for name, source in artifacts(version).items()
    ]
    report(f"unpacking OpenSearch {version}")
    partial = Path(tempfile.mkdtemp(prefix="unpacking-", dir=state_dir))
    try:
        unpack(archives[0], partial)
        unpacked = partial / home.name
        install_plugin(unpacked, archives[1], java)
        open_to_everyone(unpacked)
        unpacked.rename(home)  # in one step: the installation is complete or absent
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return home


def downloaded(state_dir: Path, name: str, report: Report, source: tuple[str, str, str]) -> Path:
    """The archive `name` in the state folder; copied from Maven's cache or downloaded.

    Its name is Maven's: artifact, version, perhaps a classifier, and the kind.
    The user's Maven cache is read, never written: Maven works in a temporary folder.
    """
    folder = state_dir / "downloads"
    folder.mkdir(exist_ok=True)
    target = folder / name
    if target.is_file():
        return target
    group, artifact, version = source
    partial = folder / f"{name}.partial"
    cached = Path.home().joinpath(".m2", "repository", *group.split("."), artifact, version, name)
    if _is_intact(cached):
        report(f"copying {name} from Maven's cache")
        shutil.copyfile(cached, partial)
    else:
        report(f"downloading {name} from Maven Central")
        classifier, _, kind = name.removeprefix(f"{artifact}-{version}").rpartition(".")
        parts = [group, artifact, version, kind, *filter(None, [classifier.removeprefix("-")])]
        _download(":".join(parts), folder, name, partial)
    partial.rename(target)
    return target


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip with its files' permissions, readable by every user."""
    with zipfile.ZipFile(archive) as source:
        for entry in source.infolist():
            path = Path(source.extract(entry, folder))
            mode = entry.external_attr >> 16
            path.chmod(0o755 if path.is_dir() or mode & 0o111 else 0o644)


def _is_intact(cached: Path) -> bool:
    """Whether Maven's cache has this file, and its SHA-1 is the one of Maven Central."""
    checksum = cached.with_name(cached.name + ".sha1")
    if not (os.access(cached, os.R_OK) and os.access(checksum, os.R_OK)):
        return False
    with cached.open("rb") as source:
        digest = hashlib.file_digest(source, "sha1").hexdigest()
    return checksum.read_text(encoding="ascii").split()[:1] == [digest]


def _download(artifact: str, folder: Path, name: str, partial: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NodeError(
            "a local node comes from Maven Central, and the command mvn was not found. Install "
            "Maven (Debian, Ubuntu: apt-get install maven; macOS: brew install maven), or start a "
            "Docker engine and pip install docker."
        )
    # In a working directory of its own: Maven would take a pom.xml in the user's for the project.
    with tempfile.TemporaryDirectory(prefix="maven-", dir=folder) as work:
        command = [
            *(maven, "-q", "-B", f"-Dmaven.repo.local={work}/repository"),
            *(COPY, f"-DoutputDirectory={work}/out", f"-Dartifact={artifact}"),
        ]
        ran = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
        copied = Path(work, "out", name)
        if ran.returncode != 0 or not copied.is_file():
            lines = [line for line in ran.stdout.splitlines() if "ERROR" in line]
            cause = lines[0] if lines else (ran.stderr.strip() or ran.stdout.strip())[-500:]
            raise NodeError(
                f"Maven could not get {artifact}: {cause} Check the network, and the proxy or "
                "mirror in Maven's settings.xml."
            )
        copied.rename(partial)


def install_plugin(home: Path, archive: Path, java: Java) -> None:
    """Install a plugin's zip into the installation `home`, which no node may be running from.

    Raises:
        NodeError: OpenSearch refuses it, as one for another version.
    """
    command = [str(home / "bin" / "opensearch-plugin"), "install", "--batch", archive.as_uri()]
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "OPENSEARCH_JAVA_HOME": str(java.home),
        "OPENSEARCH_JAVA_OPTS": java_options(),
    }
    ran = subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        output = (ran.stderr.strip() or ran.stdout.strip())[-800:]
        raise NodeError(f"the plugin {archive.name} could not be installed into {home}: {output}")


def open_to_everyone(folder: Path) -> None:
    """Let every user read the files of a new installation: a node may run as another one."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
