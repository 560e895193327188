"""`live-intent plugin build`: the zip, from any copy of the sources, by javac or by Maven."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from plugin_config.engine_plugin.plugin_build import (
    SOURCES,
    PluginBuild,
    PluginError,
    source_version,
    zip_descriptor,
)
from plugin_config.node.java import find_java
from plugin_config.node.plugin_home import built_plugin
from plugin_config.state_dir import default_state_dir
from tests.engine_plugin.java_classes import opensearch_home

ROOT = Path(__file__).parents[2]
PYTHON_PACKAGES = ("plugin_config", "indexer", "query_service", "learning", "live_intent")


@pytest.fixture(scope="module")
def archive() -> Path:
    """The zip of these sources."""
    return built_plugin(default_state_dir(), opensearch_home(), print)


def test_the_zip_is_what_opensearch_installs(archive: Path) -> None:
    version = source_version()
    assert archive.name == f"live-intent-{version}.zip"
    assert zip_descriptor(archive) == {
        "name": "live-intent",
        "description": "Personalises a plain _search by the visitor's session",
        "version": version,
        "classname": "liveintent.LiveIntentPlugin",
        "java.version": "21",
        "dependencies": '{ opensearch: "[3.5.0,3.7.0)" }',
    }
    with zipfile.ZipFile(archive) as contents:
        assert contents.namelist() == [
            f"live-intent-{version}.jar",
            "plugin-descriptor.properties",
            "plugin-security.policy",
        ]
        with contents.open(f"live-intent-{version}.jar") as jar:
            classes = zipfile.ZipFile(jar).namelist()
    assert "liveintent/LiveIntentPlugin.class" in classes
    assert not any("Test" in name for name in classes)


def test_the_plugin_has_the_project_s_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert source_version() == project["version"]


def test_an_installed_package_builds_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    tree, site = tmp_path / "tree", tmp_path / "site"
    without = shutil.ignore_patterns("__pycache__")
    for package in (*PYTHON_PACKAGES, "engine_plugin"):
        shutil.copytree(ROOT / package, tree / package, ignore=without)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, tree / name)
    backend = "from setuptools import build_meta as b; print(b.build_{}({!r}))"
    run(sys.executable, "-c", backend.format("sdist", str(tmp_path)), folder=tree)
    [source] = tmp_path.glob("*.tar.gz")
    with tarfile.open(source) as packed:
        packed.extractall(tmp_path / "unpacked", filter="data")
    [unpacked] = (tmp_path / "unpacked").iterdir()
    run(sys.executable, "-c", backend.format("wheel", str(tmp_path)), folder=unpacked)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed_wheel:
        packed_wheel.extractall(site)
    build = (
        f"import sys; sys.path.insert(0, {str(site)!r}); from live_intent.main import main; main()"
    )
    command = ("plugin", "build", "--opensearch-home", opensearch_home(), "--output", tmp_path)
    output = run(sys.executable, "-c", build, *command, folder=tmp_path, state=tmp_path / "state")
    assert output.startswith(str(tmp_path / archive.name))
    assert (tmp_path / archive.name).read_bytes() == archive.read_bytes()


@pytest.mark.skipif(shutil.which("mvn") is None, reason="no Maven")
def test_maven_builds_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(SOURCES, project, ignore=shutil.ignore_patterns("target"))
    repository = default_state_dir() / "downloads" / "maven"  # the user's is left alone
    jdk = find_java(compiler=True, for_nobody=False).home
    command = ("mvn", "-q", "-B", f"-Dmaven.repo.local={repository}", "-DskipTests", "package")
    run(*command, folder=project, jdk=jdk)
    assert (project / "target" / archive.name).read_bytes() == archive.read_bytes()


def test_a_mistake_in_the_sources_is_shown_and_leaves_no_zip(tmp_path: Path) -> None:
    sources = shutil.copytree(SOURCES, tmp_path / "sources")
    shutil.rmtree(sources / "src")
    wrong = sources / "src/main/java/liveintent/Raw.java"
    wrong.parent.mkdir(parents=True)
    wrong.write_text("package liveintent; class Raw { java.util.List names; }")
    jdk = find_java(compiler=True, for_nobody=False).home
    build = PluginBuild(jdk, opensearch_home() / "lib", sources)
    with pytest.raises(PluginError, match=r"(?s)Raw\.java:1: warning: \[rawtypes\].*-Werror"):
        build.cached(tmp_path / "zips")
    assert not list((tmp_path / "zips").rglob("*.zip"))


def test_missing_libraries_and_sources_are_named(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"has no opensearch-<version>\.jar: name the home"):
        PluginBuild(tmp_path, tmp_path / "lib").write(tmp_path / "x.zip")
    with pytest.raises(PluginError, match=r"the plugin's sources are not in .*: install again"):
        PluginBuild(tmp_path, tmp_path / "lib", tmp_path).write(tmp_path / "x.zip")


def run(
    *command: str | Path, folder: Path, state: Path | None = None, jdk: Path | None = None
) -> str:
    inherited = {n: v for n, v in os.environ.items() if not n.startswith("LIVE_INTENT_")}
    own = {"LIVE_INTENT_STATE_DIR": state, "JAVA_HOME": jdk}
    environment = inherited | {name: str(value) for name, value in own.items() if value}
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=280,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, f"{ended.stdout[-5000:]}\n{ended.stderr[-5000:]}"
    return re.sub(r"\x1b\[[\d;]*m", "", ended.stdout)
