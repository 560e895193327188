"""What an installation is made of: pinned by hashes, and listed by one command."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_with_a_hash(name):
    text = (ROOT / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) > 100
    for line in lines:
        assert re.match(r"\S+==\S+ ", line), line
        assert "--hash=sha256:" in line, line


def test_installations_check_the_hashes():
    for name in ("scripts/environment", "Dockerfile"):
        text = (ROOT / name).read_text()
        for line in text.splitlines():
            if "requirement" in line and re.search(r"pip (install|sync)", line):
                is_torch = "grep -o '^torch==" in line  # of another index, for a GPU
                assert "--require-hashes" in line or is_torch, (name, line)


def test_the_command_of_make_sbom_lists_each_requirement(tmp_path):
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    recipe = re.search(r"^sbom:.*\n\t\$\(BIN\)/cyclonedx-py (.*)$", makefile, re.M)
    assert recipe is not None
    few = (ROOT / "requirements.txt").read_text().split("\n\n")[0].splitlines()
    ends = [number for number, line in enumerate(few) if not line.endswith("\\")]
    (tmp_path / "requirements.txt").write_text("\n".join(few[: ends[2] + 1]))
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    command = [sys.executable, "-m", "cyclonedx_py", *recipe[1].split()]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    listed = json.loads((tmp_path / "sbom.json").read_text())
    assert (listed["bomFormat"], listed["specVersion"]) == ("CycloneDX", "1.6")
    assert len(listed["components"]) == 3
    assert all(each["purl"].startswith("pkg:pypi/") for each in listed["components"])
