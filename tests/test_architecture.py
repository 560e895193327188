"""docs/architecture.md and CONTRIBUTING.md name files and functions that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("plugin_config", "indexer", "query_service", "learning", "live_intent", "benchmarks")
# Names of the engine's and of the method's, beside those of the code.
OTHERS = {"_msearch", "_bulk", "_meta", "ubi_events", "items", "building", "concat", "sum"}


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_paths_exist(page: str) -> None:
    paths = re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", (ROOT / page).read_text("utf-8"))
    assert paths
    folders = [ROOT, ROOT / "query_service/retrieval", *(ROOT / name for name in PACKAGES)]
    for path in paths:
        assert any((folder / path).exists() for folder in folders), path


def test_names_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    names = {part for name in re.findall(r"`([\w.]+)`", text) for part in name.split(".")}
    modules = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    code = "\n".join(path.read_text("utf-8") for path in modules)
    known = {part for path in modules for part in (path.stem, *path.parent.parts)}
    known |= set(re.findall(r"^\s*(?:def|class) (\w+)|", code, re.MULTILINE))
    known |= set(re.findall(r"^([A-Z]\w+)(?::.*)? = ", code, re.MULTILINE))
    assert names - known - OTHERS == set()
