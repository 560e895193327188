"""The choice of a Java installation for a node."""

from pathlib import Path

import pytest

from plugin_config.errors import NodeError
from plugin_config.node.java import find_java


def install(folder: Path, version: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    java = folder / "bin" / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)
    return folder


def test_java_home_comes_first_when_it_is_new_enough(tmp_path: Path) -> None:
    named = install(tmp_path / "named", "21.0.4")
    install(tmp_path / "jvm" / "newer", "25.0.1")
    environment = {"JAVA_HOME": str(named), "PATH": ""}
    java = find_java(environment, folders=[(str(tmp_path / "jvm"), "*")], for_nobody=False)
    assert (java.home, java.version) == (named, 21)


def test_an_old_java_is_skipped_for_the_newest(tmp_path: Path) -> None:
    old = install(tmp_path / "old", "17.0.15")
    for name, version in (("a", "21.0.1"), ("b", "25.0.1"), ("c", "24")):
        install(tmp_path / "jvm" / name, version)
    environment = {"JAVA_HOME": str(old), "PATH": str(old / "bin")}
    java = find_java(environment, folders=[(str(tmp_path / "jvm"), "*")], for_nobody=False)
    assert java.version == 25


def test_the_file_release_is_read_before_java_is_run(tmp_path: Path) -> None:
    home = install(tmp_path / "jdk", "17")
    (home / "release").write_text('IMPLEMENTOR="x"\nJAVA_VERSION="23.0.2"\n')
    java = find_java({"JAVA_HOME": str(home), "PATH": ""}, folders=[], for_nobody=False)
    assert java.version == 23


def test_the_error_lists_the_old_ones_and_how_to_install_one(tmp_path: Path) -> None:
    old = install(tmp_path / "old", "17.0.15")
    with pytest.raises(NodeError) as caught:
        find_java({"JAVA_HOME": str(old), "PATH": ""}, folders=[], for_nobody=False)
    message = str(caught.value)
    assert f"needs Java 21 or newer, and none was found; found only {old} (Java 17)" in message
    assert "apt-get install" in message
    assert "JAVA_HOME" in message
    with pytest.raises(NodeError, match=r"and none was found\. Install one"):
        find_java({"PATH": ""}, folders=[], for_nobody=False)


def test_one_in_a_folder_closed_to_nobody_is_skipped(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    home = install(closed / "jdk", "25")
    closed.chmod(0o700)
    with pytest.raises(NodeError, match="the user nobody can't enter"):
        find_java({"JAVA_HOME": str(home), "PATH": ""}, folders=[], for_nobody=True)
