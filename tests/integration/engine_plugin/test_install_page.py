"""docs/engine-plugin.md: its first search, and its installation, typed in their order."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.index.context import IndexContext
from indexer.index.rebuilding.rebuild_report import RebuildReport
from plugin_config.node.java import find_java
from plugin_config.schema import IndexNames
from tests.engine_plugin.java_classes import opensearch_home
from tests.integration.documentation import Reader, read_page, shell_commands
from tests.integration.serve_process import serve

PAGE = read_page("docs/engine-plugin.md")
SECTIONS = ("Build", "Install", "Turn it on", "Remove")
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def section(page: str, title: str) -> str:
    """The text of a section, without those below it."""
    match = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert match is not None, title
    return match[1]


@pytest.mark.timeout(600)
def test_a_click_changes_the_next_search_as_the_page_shows(
    node_url: str, fresh_names: IndexNames, fresh_environment: dict[str, str], tmp_path: Path
) -> None:
    patient = {"PATH": PATH, "LIVE_INTENT_PIPELINE_TIMEOUT_MS": "10000"}
    reader = Reader(tmp_path, fresh_environment | patient)
    page, answers, service = section(PAGE, "Try it"), [], ""
    with ExitStack() as stack:
        for command in shell_commands(page):
            if command.startswith(("live-intent node start", "export ")):
                continue  # a node is there
            if command.startswith("live-intent serve"):
                service = stack.enter_context(serve(reader.environment, tmp_path)).api().url
                continue
            own = command.replace("http://127.0.0.1:9230", node_url)
            own = own.replace("live-intent-items", fresh_names.items)
            printed = reader.type(own.replace("http://127.0.0.1:8080", service))
            if command == "live-intent sample catalogue.jsonl":
                keep_headphones(tmp_path / "catalogue.jsonl")
            if "/v1/events" in command:
                assert json.loads(printed)["accepted"] == 1, printed
            if "_search" in command:
                answers.append(json.loads(printed))
    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    assert [each["ext"] for each in answers] == [each["ext"] for each in shown]
    assert answers[0]["hits"] != answers[1]["hits"]
    assert shown[0]["hits"] != shown[1]["hits"]


def keep_headphones(catalogue: Path) -> None:
    """Leave items that the page's search shows, which are indexed in a second."""
    lines = catalogue.read_text().splitlines(keepends=True)
    shown = ("studio-headphones-", "over-ear-headphones-")
    catalogue.write_text("".join(line for line in lines if any(each in line for each in shown)))


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
        "PATH": PATH,
        "OPENSEARCH_JAVA_HOME": str(find_java().home),
        "LIVE_INTENT_STATE_DIR": str(opensearch_home().parent),
        "LIVE_INTENT_BUNDLES_DIR": str(fresh_context.bundles_dir),
    }
    reader = Reader(tmp_path, fresh_environment | path)
    for title in SECTIONS:
        for command in shell_commands(section(PAGE, title)):
            reader.type(command.replace("/usr/share/opensearch", str(home)))
            if title == "Install":
                assert (home / "plugins/live-intent").is_dir()
        if title == "Build":
            assert [file.name for file in (tmp_path / "dist").iterdir()] == [
                "live-intent-0.1.0.zip"
            ]
    assert not (home / "plugins/live-intent").exists()
    assert fresh_names.search_pipeline not in client.search_pipeline.get(ignore=[404])
