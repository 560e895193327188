"""The image of OpenSearch with the plugin: its commands, run without Docker."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from plugin_config.node.java import find_java
from plugin_config.versions import DEFAULT
from tests.engine_plugin.java_classes import opensearch_home
from tests.integration.command_line import ROOT

DOCKERFILE = (ROOT / "engine_plugin" / "Dockerfile").read_text()


def test_compose_builds_it_on_the_version_that_is_tested() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    build = services["opensearch"]["build"]
    assert (ROOT / build["context"] / build["dockerfile"]).read_text() == DOCKERFILE
    assert f"ARG OPENSEARCH={DEFAULT}\n" in DOCKERFILE


@pytest.mark.timeout(600)
def test_its_stages_build_and_install_the_plugin(tmp_path: Path) -> None:
    """A user with the image's JDK alone, and an installation where the image has it."""
    jdk = find_java(compiler=True, for_nobody=False).home
    home = tmp_path / "opensearch"
    shutil.copytree(opensearch_home(), home, copy_function=os.link)
    places = {
        "/usr/share/opensearch": str(home),
        "/opensearch/lib": str(home / "lib"),
        "/engine_plugin": str(ROOT / "engine_plugin"),
        "/classes": str(tmp_path / "classes"),
        "/tmp/live-intent.zip": str(tmp_path / "live-intent.zip"),
        "/live-intent.zip": str(tmp_path / "live-intent.zip"),
    }
    pattern = re.compile("|".join(rf"(?<![\w.]){re.escape(place)}" for place in places))
    environment = {"PATH": f"{jdk / 'bin'}:/usr/bin:/bin", "JAVA_HOME": str(jdk)}
    commands = re.findall(r"^RUN (.*)$", DOCKERFILE, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        local = pattern.sub(lambda match: places[match[0]], command)
        ended = subprocess.run(
            ["sh", "-c", local], env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, f"{local}\n{ended.stdout}\n{ended.stderr}"
    assert (home / "plugins/live-intent/plugin-descriptor.properties").is_file()
