"""One worker process against several: rate, CPU, memory, and what `kill -9` of one costs.

    python -m benchmarks.load.processes [--processes 2] [--clients 8] [--seconds 10] [--rounds 3]

Both services run at the same time on an index of the sample catalogue; the load alternates between
them. CPU and memory are those of all processes of a service (Linux: /proc). Memory is the
proportional set size: a page that n processes share counts 1/n in each.
"""

import os
import signal
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import click
import urllib3

from benchmarks.load.serve_process import ServeProcess, serve_process
from benchmarks.served import own_index, rebuild
from live_intent.sample.catalogue import sample_items, write_json_lines

QUERIES = ("wireless headphones", "coffee machine", "running shoes", "desk lamp black", "rug")


@dataclass
class Load:
    """Clients that search without pause; `answered` has the time of each answer, s."""

    url: str
    clients: int
    answered: list[float] = field(default_factory=list)
    failed: int = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """The clients run in the block."""
        stop = threading.Event()
        threads = [
            threading.Thread(target=self._ask, args=(number, stop))
            for number in range(self.clients)
        ]
        for thread in threads:
            thread.start()
        yield
        stop.set()
        for thread in threads:
            thread.join()

    def _ask(self, number: int, stop: threading.Event) -> None:
        pool = urllib3.PoolManager(maxsize=1, retries=False)
        asked = number
        while not stop.is_set():
            asked += 1
            body = {"query": QUERIES[asked % len(QUERIES)], "session_id": f"client-{number}",
                    "deadline_ms": 20_000}  # fmt: skip
            try:
                status = pool.request("POST", f"{self.url}/v1/search", json=body).status
            except urllib3.exceptions.HTTPError:
                status = 0
            if status == 200:
                self.answered.append(time.perf_counter())
            else:
                self.failed += 1


@click.command()
@click.option("--processes", default=2, show_default=True)
@click.option("--clients", default=8, show_default=True)
@click.option("--seconds", default=10.0, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(processes: int, clients: int, seconds: float, rounds: int) -> None:
    """Compare a service of one process with one of several."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(own_index("processes", keep=False))
        catalogue = folder / "items.jsonl"
        write_json_lines(catalogue, sample_items())
        rebuild(catalogue)
        services = {
            n: stack.enter_context(serve_process(folder / f"serve-{n}.log", "--processes", str(n)))
            for n in (1, processes)
        }
        rates: dict[int, list[float]] = {n: [] for n in services}
        cpu: dict[int, list[float]] = {n: [] for n in services}
        for number in range(rounds + 1):
            for n, service in services.items():
                before = service.cpu_s
                load = Load(service.url, clients)
                with load.running():
                    time.sleep(seconds if number else min(seconds, 3))
                if number:  # the first one warms up
                    rates[n].append(len(load.answered) / seconds)
                    cpu[n].append((service.cpu_s - before) / len(load.answered) * 1000)
        for n, service in services.items():
            rate, ms = statistics.median(rates[n]), statistics.median(cpu[n])
            click.echo(f"{n} processes: {rate:.1f} searches/s, {ms:.1f} ms of CPU each, "
                       f"{service.memory_mib:.0f} MiB")  # fmt: skip
        first, several = (statistics.median(rates[n]) for n in services)
        click.echo(f"rate {several / first:.2f} x")
        for n, service in services.items():
            _kill(n, service, clients)


def _kill(n: int, service: ServeProcess, clients: int) -> None:
    """Kill a worker under load; say what it cost."""
    load = Load(service.url, clients)
    with load.running():
        time.sleep(2)
        os.kill(service.workers[0], signal.SIGKILL)
        time.sleep(8)
    times = sorted(load.answered)
    gap = max(later - earlier for earlier, later in pairwise(times))
    click.echo(f"{n} processes, one killed: {load.failed} requests lost of {clients} clients, "
               f"{gap:.2f} s without an answer")  # fmt: skip


if __name__ == "__main__":
    main()
