"""docs/learning.md typed by a newcomer: from simulated visits to a search that they made better."""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from plugin_config.node.node_process import free_port
from tests.integration.rebuilding import tiny_model

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "learning.md").read_text(encoding="utf-8")
SMALLER = {"--users 2400": "--users 500", "-n 400": "-n 120"}
QUICKER = {  # options that a command gets beside those on the page
    "live-intent learn user-model": "--epochs 3 --dims 32 -q",
    "live-intent learn reranker": "--epochs 6 --loss pairwise --lists 600 --negatives 30 -q",
    "live-intent evaluate": "--json -q",
    "live-intent index rebuild": "-q",
}
BOTH = "query + history"


def commands() -> list[str]:
    """The commands of the page's `sh` blocks, continued lines joined."""
    found = []
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            command = re.sub(r"\s+#.*", "", line).strip()
            if command:
                found.append(" ".join(command.split()))
    return found


@dataclass
class Reader:
    """Somebody who types the page's commands, in a folder of their own."""

    folder: Path
    environment: dict[str, str]

    def type(self, command: str) -> str:
        """What the command prints; with few visitors and few epochs."""
        for long, short in SMALLER.items():
            command = command.replace(long, short)
        for start, options in QUICKER.items():
            if start in command:
                command = f"{command} {options}"
        ran = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def serve(self, command: str) -> None:
        """Starts the service that the page ends with, asks it once, and ends it."""
        url = f"http://127.0.0.1:{self.environment['LIVE_INTENT_PORT']}"
        with (self.folder / "serve.log").open("wb") as log:
            process = subprocess.Popen(
                ["bash", "-c", command.replace("live-intent", "exec live-intent")],
                cwd=self.folder, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            deadline = time.monotonic() + 60
            while not _ready(url):
                told = (self.folder / "serve.log").read_text()
                assert process.poll() is None, told
                assert time.monotonic() < deadline, told
                time.sleep(0.2)
            asked = json.dumps({"session_id": "reader", "query": "headphones"}).encode()
            request = Request(f"{url}/v1/search", asked, {"Content-Type": "application/json"})
            with urlopen(request, timeout=20) as response:
                answer = json.load(response)
            assert answer["hits"]
            assert not answer["degraded"]
        finally:
            process.terminate()
            process.wait(30)


def _ready(url: str) -> bool:
    try:
        with urlopen(f"{url}/readyz", timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


@pytest.fixture(scope="module")
def reader(node_url, names, tmp_path_factory) -> Reader:
    folder = tmp_path_factory.mktemp("learning")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("LIVE_INTENT_")}
    own = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LIVE_INTENT_OPENSEARCH_URL": node_url,
        "LIVE_INTENT_OPENSEARCH_TIMEOUT_S": "60",
        "LIVE_INTENT_INDEX_PREFIX": names.prefix,
        "LIVE_INTENT_BUNDLES_DIR": str(folder / "index-bundles"),
        "LIVE_INTENT_ENCODER": tiny_model(),
        "LIVE_INTENT_MEANING_DIMS": "64",
        "LIVE_INTENT_DEFAULT_DEADLINE_MS": "5000",  # other work on the machine must not degrade it
        "LIVE_INTENT_PORT": str(free_port()),
        "OMP_NUM_THREADS": "1",
    }
    return Reader(folder, clean | own)


@pytest.mark.node
@pytest.mark.timeout(300)
def test_the_page_s_commands_lead_to_a_better_search(reader: Reader) -> None:
    typed = commands()
    reports = []
    for command in typed:
        if command.endswith("live-intent serve"):
            reader.serve(command)
            continue
        printed = reader.type(command)
        if "live-intent evaluate" in command:
            reports.append(json.loads(printed))
        if "learn user-model" in command or "learn reranker" in command:
            assert "users kept apart" in printed
    assert sum("live-intent serve" in command for command in typed) == 1
    before, after = (
        {row["label"]: row["measures"]["NDCG@10"]["mean"] for row in report["rows"]}
        for report in (reports[0], reports[-1])
    )
    assert after[BOTH] > before[BOTH] + 0.02
    assert after[BOTH] > after["query + another user's history"] + 0.02
