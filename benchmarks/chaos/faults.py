"""The faults: each begins, lasts some seconds, and is gone."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from opensearchpy import OpenSearch

from benchmarks.chaos.faulty_proxy import FaultyProxy, Mode
from benchmarks.chaos.visitors import Ledger
from plugin_config.schema import IndexNames

WRITE_BLOCK = "index.blocks.write"
REBUILD_S = 400.0
Fault = Callable[[float], None]  # takes the seconds that it lasts


@dataclass(frozen=True)
class Stage:
    """What faults act on: all of it the test's own."""

    client: OpenSearch  # past the proxy
    names: IndexNames
    proxy: FaultyProxy
    service_pids: list[int]
    catalogue: Path
    environment: Mapping[str, str]  # of commands
    choice: random.Random
    ledger: Ledger

    def faults(self) -> dict[str, Fault]:
        """The faults of a stage, by name."""
        modes: tuple[Mode, ...] = ("cut", "slow", "half-closed", "busy", "overloaded")
        return {
            **{f"connections {mode}": self._connections(mode) for mode in modes},
            "a worker killed": self._worker_killed,
            "an index read-only": self._read_only,
            "the sessions closed": self._closed,
            "the index rebuilt, and its alias swapped": self._rebuilt,
        }

    def _connections(self, mode: Mode) -> Fault:
        def fault(seconds: float) -> None:
            with self.proxy.fault(mode):
                time.sleep(seconds)

        return fault

    def _worker_killed(self, seconds: float) -> None:
        for worker in workers(self.choice.choice(self.service_pids)):
            os.kill(worker, signal.SIGKILL)
        time.sleep(seconds)

    def _read_only(self, seconds: float) -> None:
        index = self.choice.choice(self.names.stores)
        self.client.indices.put_settings(index=index, body={WRITE_BLOCK: True})
        try:
            time.sleep(seconds)
        finally:
            self.client.indices.put_settings(index=index, body={WRITE_BLOCK: None})

    def _closed(self, seconds: float) -> None:
        self.client.indices.close(index=self.names.sessions)
        try:
            time.sleep(seconds)
        finally:
            self.client.indices.open(index=self.names.sessions)

    def _rebuilt(self, seconds: float) -> None:
        line = [sys.executable, "-m", "live_intent.main", "index", "rebuild", str(self.catalogue)]
        done = subprocess.run(
            [*line, "--quiet"],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=REBUILD_S,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"the rebuild failed: {done.stderr}")
        self.ledger.rebuilt()


def workers(pid: int) -> list[int]:
    """The child processes of a service."""
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
