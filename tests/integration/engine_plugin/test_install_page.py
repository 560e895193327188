"""docs/engine-plugin.md: its commands of installation, typed in their order."""

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.index.context import IndexContext
from indexer.index.rebuilding.rebuild_report import RebuildReport
from plugin_config.node.java import find_java
from plugin_config.schema import IndexNames
from tests.engine_plugin.java_classes import opensearch_home
from tests.integration.documentation import Reader, read_page, shell_commands

SECTIONS = ("Build", "Install", "Turn it on", "Remove")


def section(page: str, title: str) -> str:
    """The text of a section, without those below it."""
    match = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert match is not None, title
    return match[1]


@pytest.mark.timeout(600)
def test_every_command_of_it_runs(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_environment: dict[str, str],
    fresh_context: IndexContext,
    run_rebuild: Callable[..., RebuildReport],
    catalogue: Path,
    tmp_path: Path,
) -> None:
    home = tmp_path / "opensearch"
    shutil.copytree(opensearch_home(), home, copy_function=os.link)
    run_rebuild(catalogue)
    path = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "OPENSEARCH_JAVA_HOME": str(find_java().home),
        "LIVE_INTENT_STATE_DIR": str(opensearch_home().parent),
        "LIVE_INTENT_BUNDLES_DIR": str(fresh_context.bundles_dir),
    }
    reader, page = Reader(tmp_path, fresh_environment | path), read_page("docs/engine-plugin.md")
    for title in SECTIONS:
        for command in shell_commands(section(page, title)):
            reader.type(command.replace("/usr/share/opensearch", str(home)))
            if title == "Install":
                assert (home / "plugins/live-intent").is_dir()
        if title == "Build":
            assert [file.name for file in (tmp_path / "dist").iterdir()] == [
                "live-intent-0.1.0.zip"
            ]
    assert not (home / "plugins/live-intent").exists()
    assert fresh_names.search_pipeline not in client.search_pipeline.get(ignore=[404])
