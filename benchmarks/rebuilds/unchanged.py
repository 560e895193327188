"""A rebuild of an unchanged catalogue against the first one: seconds, and CPU seconds, by stage.

    python -m benchmarks.rebuilds.unchanged --items 10000 [--rounds 3]

Runs `live-intent index rebuild` as a process of its own, from its start to its end, with all that
it does: the gate, the warm-up, the suggestions. CPU is that of this process and of the engine
together; on a machine that others use it says more than the clock. The indexes have a prefix of
their own and are removed.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from opensearchpy import OpenSearch

from benchmarks.process_figures import cpu_s
from benchmarks.rebuilds.generated_catalogue import write_generated
from benchmarks.rebuilds.rebuild_log import LOADING, begun_stage
from benchmarks.served import COMMAND, own_index


@dataclass(frozen=True)
class Cost:
    """Seconds of the clock, and of the CPU in the rebuild's process and in the engine."""

    clock: float
    process: float
    engine: float

    @property
    def cpu(self) -> float:
        """Of both."""
        return self.process + self.engine

    def since(self, other: "Cost") -> "Cost":
        """The cost after another one."""
        return Cost(
            self.clock - other.clock, self.process - other.process, self.engine - other.engine
        )


def main() -> None:
    """Run the trial with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3, help="rebuilds after the first")
    parser.add_argument("--option", action="append", default=[], help="one of the rebuild's own")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, own_index("unchanged", keep=False) as (client, _):
        catalogue = write_generated(Path(folder) / "items.jsonl", options.items)
        command = [*COMMAND, "index", "rebuild", str(catalogue), *options.option]
        first = staged(client, command)
        print(f"first: {as_text(first)}", flush=True)
        ratios: list[tuple[float, float]] = []
        for _ in range(options.rounds):
            again = staged(client, command)
            print(f"unchanged: {as_text(again)}", flush=True)
            one, other = total(first), total(again)
            ratios.append((other.clock / one.clock, other.cpu / one.cpu))
    names = ("clock", "cpu")
    figures = {
        name: {
            "median": round(median(each), 3),
            "range": [round(min(each), 3), round(max(each), 3)],
        }
        for name, each in zip(names, zip(*ratios, strict=True), strict=True)
    }
    print(json.dumps({"items": options.items, "unchanged_to_first": figures}, indent=2))


def staged(client: OpenSearch, command: list[str]) -> dict[str, Cost]:
    """Run a rebuild; return the cost of each stage, by what its log says."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )

    def cost() -> Cost:
        return Cost(time.monotonic() - begun, cpu_s(process.pid), _engine_cpu(client))

    stages = dict[str, Cost]()
    stage, before, log = LOADING, cost(), list[str]()

    def leave(now: Cost) -> None:
        spent = now.since(before)
        old = stages.get(stage, Cost(0, 0, 0))
        stages[stage] = Cost(
            old.clock + spent.clock, old.process + spent.process, old.engine + spent.engine
        )

    assert process.stderr is not None
    for line in process.stderr:
        log.append(line)
        name = begun_stage(line)
        if name and name != stage:
            now = cost()
            leave(now)
            stage, before = name, now
    now = cost()
    leave(now)
    if process.wait():
        raise SystemExit(f"the rebuild ended with {process.returncode}:\n{''.join(log)}")
    return stages


def total(stages: Mapping[str, Cost]) -> Cost:
    """The cost of all stages."""
    each = stages.values()
    return Cost(
        sum(one.clock for one in each),
        sum(one.process for one in each),
        sum(one.engine for one in each),
    )


def as_text(stages: Mapping[str, Cost]) -> str:
    """A line for each stage: seconds, and CPU seconds of process and engine."""
    lines = [
        f"  {name:32} {cost.clock:7.1f} s, CPU {cost.process:6.1f} + {cost.engine:6.1f} s"
        for name, cost in {"": total(stages), **stages}.items()
    ]
    return "\n".join(lines)


def _engine_cpu(client: OpenSearch) -> float:
    nodes = client.nodes.stats(metric="process")["nodes"].values()
    return sum(float(node["process"]["cpu"]["total_in_millis"]) for node in nodes) / 1000


if __name__ == "__main__":
    main()
