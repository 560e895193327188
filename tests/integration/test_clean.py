"""`make clean` removes what was generated in this checkout, and nothing else."""

import json
import shutil
import subprocess
from itertools import takewhile
from pathlib import Path

from tests.integration.command_line import ROOT, process_environment


def clean(checkout: Path, **settings: object) -> str:
    """Run `make clean` of the checkout; return what it prints."""
    return subprocess.run(
        [checkout / "scripts" / "clean"],
        env=process_environment(**settings),
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_generated_files_and_nodes_are_removed_and_all_else_stays(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for folder in takewhile(
        lambda each: each.name.startswith(("pytest-", "popen-")), tmp_path.parents
    ):
        folder.chmod(0o755)  # so that the state folder is beside the code, for root too
    checkout, named = tmp_path / "checkout", tmp_path / "named"
    shutil.copytree(ROOT / "plugin_config", checkout / "plugin_config")
    (checkout / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "clean", checkout / "scripts" / "clean")
    for path in (".venv/x", ".ruff_cache/x", "mine/x", ".live-intent/bundles/items-1/x"):
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (checkout / path).touch()
    for state in (checkout / ".live-intent", named):
        (state / "nodes").mkdir(parents=True)
    (named / "mine").touch()

    with subprocess.Popen(["sleep", "60"]) as other:
        record = {"name": "a", "url": "http://127.0.0.1:1", "port": 1, "by": "maven"}
        for state in (checkout / ".live-intent", named):
            text = json.dumps(record | {"pid": other.pid})
            (state / "nodes" / "a.json").write_text(text)
        output = clean(checkout, state_dir=named)
        assert "removing the node a" in output
        assert f"leaving {named}" in output
        assert sorted(path.name for path in named.iterdir()) == ["mine"]
        assert not (checkout / ".venv").exists()

        assert not (checkout / ".live-intent").exists()  # nor its node, whatever was named

        (checkout / ".live-intent" / "nodes").mkdir(parents=True)
        assert f"removing {checkout / '.live-intent'}" in clean(checkout)
        assert other.poll() is None  # not the node, although it has the recorded pid
        other.kill()
    names = sorted(path.name for path in checkout.iterdir())
    assert names == ["mine", "plugin_config", "scripts"]
    assert clean(checkout) == ""  # again: nothing to do
