"""The command line as a user meets it."""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from live_intent.main import COMMANDS

COMMAND = str(Path(sys.executable).parent / "live-intent")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("LIVE_INTENT_")}
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        env=clean | environment,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", [(), ("node",)])
def test_help_is_quick(command: tuple[str, ...]) -> None:
    """CPU time: another process on the same cores makes any command's wall time longer."""
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run(*command, "--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    assert min(seconds) < 0.5


def test_a_full_disk_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.symlink_to("/dev/full")  # a command that replaces its file replaces the link
    result = run("sample", str(full))
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("Error: a file can't be written (No space left on device). Make room")


def test_help_imports_no_heavy_module() -> None:
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", COMMAND, "node", "--help"],
        check=True,
        capture_output=True,
        text=True,
    )
    imported = {line.rsplit("|", 1)[-1].strip() for line in shown.stderr.splitlines()}
    assert "click" in imported
    assert not imported & {
        "numpy",
        "torch",
        "transformers",
        "flask",
        "opensearchpy",
        "pyarrow",
        "ray",
    }


def test_help_names_every_command() -> None:
    shown = run("--help")
    assert all(f"  {name} " in shown.stdout for name in COMMANDS)


def test_every_exit_code_is_in_the_docs_table() -> None:
    root = Path(__file__).parents[2]
    packages = ("plugin_config", "indexer", "query_service", "learning", "live_intent")
    sources = [path for package in packages for path in (root / package).rglob("*.py")]
    codes = {
        code for path in sources for code in re.findall(r"exit_code = (\d+)", path.read_text())
    }
    page = (root / "docs" / "operating.md").read_text(encoding="utf-8")
    table = page[page.index("| exit code |") :]
    listed = re.findall(r"^\| (\d+)(?:, (\d+))? \|", table, re.MULTILINE)
    assert codes <= {code for row in listed for code in row}
    assert "pip install 'opensearch-live-intent" not in "".join(
        path.read_text(encoding="utf-8") for path in (root / "docs").glob("*.md")
    )  # it is not on PyPI


def test_every_command_loads_and_has_a_help_text() -> None:
    for name in COMMANDS:
        shown = run(name, "--help")
        assert shown.returncode == 0, f"{name}: {shown.stderr}"
        assert shown.stdout.startswith(f"Usage: live-intent {name}")


def test_version() -> None:
    assert run("--version").stdout.startswith("live-intent, version ")


def test_a_misspelt_variable_stops_the_start_and_names_the_right_one() -> None:
    shown = run("settings", LIVE_INTENT_OPENSARCH_URL="http://127.0.0.1:9200")
    assert shown.returncode == 2
    assert shown.stderr.startswith("Error: LIVE_INTENT_OPENSARCH_URL is not a setting")
    assert "LIVE_INTENT_OPENSEARCH_URL" in shown.stderr


def test_an_error_is_one_line_and_debug_shows_its_origin() -> None:
    wrong = {"LIVE_INTENT_OPENSEARCH_TIMEOUT_S": "soon"}
    shown = run("settings", **wrong)
    assert shown.returncode == 2
    assert shown.stderr.startswith("Error: LIVE_INTENT_OPENSEARCH_TIMEOUT_S=soon: ")
    assert "Traceback" not in shown.stderr
    shown = run("--debug", "settings", **wrong)
    assert shown.returncode == 2
    assert "Traceback" in shown.stderr
    assert "Error: LIVE_INTENT_OPENSEARCH_TIMEOUT_S=soon: " in shown.stderr


def test_an_unreachable_cluster_has_its_own_exit_code() -> None:
    shown = run("config", "apply", LIVE_INTENT_OPENSEARCH_URL="http://127.0.0.1:1")
    assert shown.returncode == 3
    assert "127.0.0.1:1" in shown.stderr
    assert "Traceback" not in shown.stderr
