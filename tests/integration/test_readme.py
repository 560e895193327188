"""The first hour of a newcomer: the demo, then every command of the README in its order."""

import json
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
from tests.integration.command_line import process_environment
from tests.integration.documentation import ROOT, Reader, read_page, shell_commands
from tests.integration.json_lines import write_json_lines

README = read_page("README.md")
NOT_RUN = {  # these would start the tests again, or remove what runs them
    "make test": "this test is part of it",
    "make clean": "it removes the environment of this test",
}
ADDRESS = "127.0.0.1:8080"


def shown_answers() -> list[dict[str, object]]:
    """Return the README's `json` blocks, without the `...` of what they leave out."""
    blocks = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    return [json.loads(re.sub(r",?\s*\.\.\.", "", block)) for block in blocks]


def demo_recipe() -> str:
    """Return the command that `make demo` runs."""
    lines = read_page("Makefile").splitlines()
    [recipe] = [line for line in lines if line.startswith("\t") and line.endswith(" demo")]
    return recipe.strip().replace("$(BIN)", ".venv/bin")


@dataclass(frozen=True)
class ReadmeReader(Reader):
    """A reader who has no `make`, and whose service answers at another port than the README's."""

    port: int
    typed: list[str] = field(default_factory=list)

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        self.typed.append(command)
        command = demo_recipe() if command == "make demo" else command
        return super().run(command.replace(ADDRESS, f"127.0.0.1:{self.port}"))


@pytest.fixture(scope="module")
def reader(
    node_url: str, names: IndexNames, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReadmeReader]:
    folder = tmp_path_factory.mktemp("readme")
    (folder / ".venv" / "bin").mkdir(parents=True)
    command = Path(sys.executable).parent / "live-intent"
    (folder / ".venv" / "bin" / "live-intent").symlink_to(command)
    write_json_lines(
        folder / "catalogue.jsonl",
        ({"sku": str(n), "name": f"Teapot {n}", "price": n + 0.99} for n in range(1, 6)),
    )
    port = free_port()
    environment = process_environment(
        opensearch_url=node_url, index_prefix=names.prefix, state_dir=folder / "state", port=port
    )
    yield ReadmeReader(folder, environment, port)
    BackgroundService(folder / "state" / "demo").stop()


@pytest.fixture(scope="module")
def demo_output(reader: ReadmeReader) -> str:
    """The output of the demo, which ends by itself here."""
    return reader.type("DEMO_EXIT=1 .venv/bin/live-intent demo")


@pytest.mark.node
@pytest.mark.timeout(600)
def test_the_demo_shows_what_three_clicks_change(demo_output: str, reader: ReadmeReader) -> None:
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
def test_every_command_runs_and_answers_as_the_readme_shows(
    demo_output: str, reader: ReadmeReader
) -> None:
    answers = []
    for command in shell_commands(README):
        if command in NOT_RUN:
            continue
        output = reader.type(command)
        if command == "make demo":  # for the second time
            assert "holds the sample catalogue already" in output
            address = f"http://127.0.0.1:{reader.port}/"
            assert output.splitlines()[-1] == f"The page to try it yourself: {address}"
            assert "you clicked" in output.split("after the clicks")[1]
            for page in ("feed", "video"):
                assert f"{address}{page}/\n" in output
        if shlex.split(command)[0] == "curl":
            answers.append(json.loads(output))
    shown = shown_answers()
    assert len(shown) == len(answers)
    for shown_answer, answer in zip(shown, answers, strict=True):
        assert_shown(shown_answer, answer, "answer")


@pytest.mark.node
@pytest.mark.timeout(600)
def test_the_demo_never_replaces_an_index_of_the_user_s(
    demo_output: str, reader: ReadmeReader
) -> None:
    rebuild = (
        ".venv/bin/live-intent index rebuild catalogue.jsonl --map item_id=sku --map title=name "
        "--force-swap"
    )
    if rebuild not in reader.typed:  # the README has it too
        reader.type(rebuild)
    again = reader.run(".venv/bin/live-intent demo")
    assert again.returncode == 1
    assert "was not made by this demo" in again.stderr
    assert "LIVE_INTENT_INDEX_PREFIX" in again.stderr


def assert_shown(shown: object, real: object, path: str) -> None:
    """Check that the real answer has all that is shown; floats may differ by 0.01."""
    if isinstance(shown, dict):
        assert isinstance(real, dict), path
        for key, value in shown.items():
            if key not in ("query_id", "timing_ms", "index", "session_id"):
                assert key in real, f"{path}.{key}"
                assert_shown(value, real[key], f"{path}.{key}")
    elif isinstance(shown, list):
        assert isinstance(real, list), path
        assert len(real) >= len(shown), path
        for n, value in enumerate(shown):
            assert_shown(value, real[n], f"{path}[{n}]")
    elif isinstance(shown, float):
        assert real == pytest.approx(shown, abs=0.01), path
    else:
        assert real == shown, path
