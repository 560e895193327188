"""Experiments from start to stop on SIMULATED visitors: a known effect is found, and none where
there is none.

It indexes the sample catalogue below a prefix of its own and starts a service:

    .venv/bin/python -m benchmarks.experiments [--seed 0] [--keep]
"""

import json
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from benchmarks.experiments.live_visits import LiveVisits
from benchmarks.served import COMMAND, Api, own_index, rebuild, served
from live_intent.sample.catalogue import sample_items, write_json_lines

# Hits unlike those above them: of other kinds, which the visitors never click.
SCATTERED = ("--b", "diversity=1")


@dataclass(frozen=True)
class Trial:
    """An experiment, what it is to find, and how many visitors search how often."""

    name: str
    wanted: str
    options: tuple[str, ...]
    visitors: int
    searches: int


TRIALS = (
    Trial("interleaved", "b is worse", (*SCATTERED, "--interleave"), 200, 4),
    Trial("a-b", "b is worse", SCATTERED, 300, 4),
    Trial("no-effect", "none: both are as set", ("--a", "alpha=0.7", "--b", "beta=0.8"), 300, 4),
)


def experiment(*arguments: str) -> str:
    """Run `live-intent experiment`; end when it fails."""
    command = [*COMMAND, "experiment", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(ended.stderr)
    return ended.stdout


def wait_for(url: str, state: str) -> None:
    """Wait until the service says that it follows."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:
            if json.load(answer)["checks"].get("experiment") == state:
                return
        time.sleep(0.2)
    raise SystemExit(f"the service does not follow: {state}")


@click.command()
@click.option("--seed", default=0, show_default=True)
@click.option("--keep", is_flag=True, help="Leave the indexes, for another run.")
def main(seed: int, keep: bool) -> None:
    """Print what each experiment finds."""
    rows = list(sample_items())
    with own_index("experiments", keep=keep) as (client, names), TemporaryDirectory() as folder:
        if not client.indices.exists_alias(name=names.items):
            catalogue = Path(folder) / "items.jsonl"
            write_json_lines(catalogue, rows)
            rebuild(catalogue)
        with served(None) as url:
            visits = LiveVisits(Api(url), rows, seed)
            for trial in TRIALS:
                name = f"{trial.name}-{int(time.time())}"  # each name is used once
                experiment("start", name, *trial.options, "--window", "0")
                wait_for(url, f"ok: {name}")
                started = time.monotonic()
                visits.run(name, trial.visitors, trial.searches)
                seconds = time.monotonic() - started
                time.sleep(2)  # the log's last batch
                result: dict[str, Any] = json.loads(experiment("stop", "--json"))
                wait_for(url, "ok: none")
                click.echo(f"{trial.name}: wanted {trial.wanted}; found {result['verdict']}")
                counts = f"visitors {result['visitors']}, queries {result['queries']}"
                click.echo(f"  {counts}, {seconds:.0f} s")
                for each in [*result["metrics"], *result["guardrails"]]:
                    click.echo(f"  {json.dumps(each)}")


if __name__ == "__main__":
    main()
