"""The first hour of a newcomer: the demo, then every command of the README in its order."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from live_intent.demo.service import BackgroundService
from plugin_config.node.node_process import free_port
from plugin_config.schema import IndexNames

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOT_RUN = {  # these would start the tests again, or remove what runs them
    "make test": "this test is part of it",
    "make clean": "the environment of this test would be gone",
}
ADDRESS = "127.0.0.1:8080"


def commands() -> list[str]:
    """The commands of the README's `sh` blocks, continued lines joined."""
    found = []
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            command = re.sub(r"\s+#.*", "", line).strip()
            if command:
                found.append(command)
    return found


def shown_answers() -> list[dict[str, object]]:
    """The README's `json` blocks; `...` stands for what was left out."""
    blocks = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    return [json.loads(re.sub(r",?\s*\.\.\.", "", block)) for block in blocks]


@dataclass
class Reader:
    """Somebody who types the README's commands, in a folder of their own."""

    folder: Path
    environment: dict[str, str]
    port: int
    typed: list[str] = field(default_factory=list)

    def type(self, command: str) -> str:
        """What the command prints. Commands of make are run as make would, without make."""
        self.typed.append(command)
        if command == "make demo":
            recipe = next(
                line
                for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
                if line.startswith("\t") and line.rstrip().endswith(" demo")
            )
            command = recipe.strip().replace("$(BIN)", ".venv/bin")
        ran = self.run(command)
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command.replace(ADDRESS, f"127.0.0.1:{self.port}")],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )


@pytest.fixture(scope="module")
def reader(
    node_url: str, names: IndexNames, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("readme")
    (folder / ".venv" / "bin").mkdir(parents=True)
    command = Path(sys.executable).parent / "live-intent"
    (folder / ".venv" / "bin" / "live-intent").symlink_to(command)
    rows = [{"sku": str(n), "name": f"Teapot {n}", "price": n + 0.99} for n in range(1, 6)]
    (folder / "catalogue.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    port = free_port()
    clean = {k: v for k, v in os.environ.items() if not k.startswith("LIVE_INTENT_")}
    own = {
        "LIVE_INTENT_OPENSEARCH_URL": node_url,
        "LIVE_INTENT_INDEX_PREFIX": names.prefix,
        "LIVE_INTENT_STATE_DIR": str(folder / "state"),
        "LIVE_INTENT_PORT": str(port),
    }
    yield Reader(folder, clean | own, port)
    BackgroundService(folder / "state" / "demo").stop()


@pytest.fixture(scope="module")
def demo_output(reader: Reader) -> str:
    """What the demo prints that ends by itself."""
    return reader.type("DEMO_EXIT=1 .venv/bin/live-intent demo")


@pytest.mark.node
@pytest.mark.timeout(600)
def test_the_demo_shows_what_three_clicks_change(demo_output: str, reader: Reader) -> None:
    lines = demo_output.splitlines()
    assert sum(line.startswith("  click ") for line in lines) == 3
    start = next(n for n, line in enumerate(lines) if line.startswith("before the clicks"))
    before, after = zip(*(line.split(" | ") for line in lines[start + 2 :]), strict=True)
    assert len(before) == 20  # ten hits, each with its reason
    assert sum("Kid" in title for title in after[::2]) > sum(
        "Kid" in title for title in before[::2]
    )
    assert any("you clicked" in reason for reason in after[1::2])
    assert not any("you clicked" in reason for reason in before[1::2])
    assert BackgroundService(reader.folder / "state" / "demo").running() is None


def test_the_readme_is_at_most_two_screens() -> None:
    assert len(README.splitlines()) <= 100


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


@pytest.mark.node
@pytest.mark.timeout(600)
def test_every_command_runs_and_answers_what_is_shown(demo_output: str, reader: Reader) -> None:
    answers = []
    for command in commands():
        if command in NOT_RUN:
            continue
        output = reader.type(command)
        if command == "make demo":  # the second one: the index is there already
            assert "holds the sample catalogue already" in output
            assert f"http://127.0.0.1:{reader.port}/" in output
        if shlex.split(command)[0] == "curl":
            answers.append(json.loads(output))
    shown = shown_answers()
    assert len(shown) == len(answers)
    for shown_answer, answer in zip(shown, answers, strict=True):
        assert_shown(shown_answer, answer, "answer")


@pytest.mark.node
@pytest.mark.timeout(600)
def test_the_demo_never_replaces_an_index_of_ones_own(demo_output: str, reader: Reader) -> None:
    own = ".venv/bin/live-intent index rebuild catalogue.jsonl --map item_id=sku --map title=name"
    if own not in reader.typed:  # the README has it too
        reader.type(own)
    again = reader.run(".venv/bin/live-intent demo")
    assert again.returncode == 1
    assert "was not made by this demo" in again.stderr
    assert "LIVE_INTENT_INDEX_PREFIX" in again.stderr


def assert_shown(shown: object, real: object, where: str) -> None:
    """Whether all that is shown is in the real answer; numbers of this run may differ a little."""
    if isinstance(shown, dict):
        assert isinstance(real, dict), where
        for key, value in shown.items():
            if key not in ("query_id", "timing_ms", "index", "session_id"):
                assert key in real, f"{where}.{key}"
                assert_shown(value, real[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert isinstance(real, list), where
        assert len(real) >= len(shown), where
        for place, value in enumerate(shown):
            assert_shown(value, real[place], f"{where}[{place}]")
    elif isinstance(shown, float):
        assert real == pytest.approx(shown, abs=0.01), where
    else:
        assert real == shown, where
