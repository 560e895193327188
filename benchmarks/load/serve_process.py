"""A `live-intent serve` of a benchmark, with the CPU and memory of its worker processes."""

import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

from benchmarks.process_figures import cpu_s, proportional_mib
from benchmarks.served import COMMAND
from plugin_config.node.node_process import free_port

START_S = 120.0


@dataclass(frozen=True)
class ServeProcess:
    """A `live-intent serve` with its worker processes."""

    pid: int
    url: str

    @property
    def workers(self) -> list[int]:
        """Their process ids."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all processes so far."""
        return sum(map(cpu_s, self.workers))

    @property
    def memory_mib(self) -> float:
        """Proportional set size of all processes, MiB."""
        return sum(map(proportional_mib, (self.pid, *self.workers)))


@contextmanager
def serve_process(
    log: Path,
    *options: str,
    checkout: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[ServeProcess]:
    """The service of a checkout (default: the folder that one is in), ready; ended after that.

    `variables`: its environment, if not that of this process.
    """
    url = f"http://127.0.0.1:{(port := free_port())}"
    with log.open("wb") as output:
        started = subprocess.Popen(
            [*COMMAND, "serve", "--port", str(port), *options],
            cwd=checkout,
            stdout=output,
            stderr=output,
            env=variables,
        )
    try:
        pool, ends_at = urllib3.PoolManager(retries=False), time.perf_counter() + START_S
        while time.perf_counter() < ends_at:
            try:
                if pool.request("GET", f"{url}/readyz").status == 200:
                    break
            except urllib3.exceptions.HTTPError:
                pass
            time.sleep(0.2)
        yield ServeProcess(started.pid, url)
    finally:
        started.send_signal(signal.SIGINT)
        started.wait(60)
