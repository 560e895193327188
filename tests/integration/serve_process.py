"""`live-intent serve` as a process, and clients that count what it answers."""

import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import urllib3

from tests.integration.command_line import start
from tests.integration.serving import Api
from tests.integration.waiting import wait_until

READY_S = 120
ANSWERS_WITH = " answers with "
PAUSE_S = 0.02  # of a client after an answer, so that processes can start beside the load
SEARCH = b'{"query": "running shoes", "session_id": "counted", "deadline_ms": 20000}'


@dataclass(frozen=True)
class Serve:
    """A `live-intent serve` process, and the file with all that it printed."""

    process: "subprocess.Popen[str]"
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text()

    @property
    def workers(self) -> list[int]:
        """Process ids of the workers that have become ready, in that order."""
        return [int(line.split()[-1]) for line in self.output.split(ANSWERS_WITH)[:-1]]

    def api(self) -> Api:
        """Wait until the service has printed its address; return its API."""
        printed = "Live Intent answers at "
        self.wait_for_output(printed)
        return Api(self.output.split(printed)[1].split()[0])

    def wait_for_output(self, text: str, times: int = 1) -> None:
        def has_printed() -> bool:
            assert self.process.poll() is None, self.output
            return self.output.count(text) >= times

        wait_until(has_printed, READY_S)

    def wait_for_workers(self, count: int) -> None:
        """Wait until so many workers have become ready, those that have ended among them."""
        self.wait_for_output(ANSWERS_WITH, count)

    def kill_worker(self) -> None:
        """`kill -9` of the latest worker."""
        os.kill(self.workers[-1], signal.SIGKILL)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal, and wait for a clean end."""
        self.process.send_signal(number)
        assert self.process.wait(60) == 0, self.output
        assert "Traceback" not in self.output


@contextmanager
def serve(environment: dict[str, str], folder: Path, port: int = 0) -> Iterator[Serve]:
    """Start the command on a port, 0: any free one; kill it at the end if it still runs."""
    log = folder / f"serve-{time.monotonic_ns()}.log"
    process = start(environment, "serve", "--port", port, log=log)
    try:
        yield Serve(process, log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(20)


@dataclass
class Clients:
    """Clients that search, each over one connection to a service while that keeps it.

    `port`: of the service to ask next. `statuses` counts the answers, 0: none came. A connection
    that the service closed between two requests is opened again, as any client does.
    """

    port: Callable[[], int]
    count: int = 4
    statuses: "Counter[int]" = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    answered_at: list[float] = field(default_factory=list)
    lost_by: "Counter[int]" = field(default_factory=Counter)  # requests lost of each client

    @contextmanager
    def running(self) -> Iterator[None]:
        """The clients run in the block."""
        stop = threading.Event()
        threads = [threading.Thread(target=self._ask, args=(n, stop)) for n in range(self.count)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(60)

    def wait_for_answers(self, more: int = 10) -> None:
        before = self.statuses[200]
        wait_until(lambda: self.statuses[200] >= before + more, READY_S)

    @property
    def longest_pause_s(self) -> float:
        """The longest time without an answer to any client."""
        times = sorted(self.answered_at)
        return max(later - earlier for earlier, later in pairwise(times))

    def _ask(self, number: int, stop: threading.Event) -> None:
        pools: dict[int, urllib3.HTTPConnectionPool] = {}
        headers = {"Content-Type": "application/json"}
        while not stop.is_set():
            port = self.port()
            pool = pools.setdefault(port, urllib3.HTTPConnectionPool("127.0.0.1", port, timeout=60))
            try:
                answer = pool.request(
                    "POST", "/v1/search", body=SEARCH, headers=headers, retries=False
                )
                self.answered_at.append(time.monotonic())
                self.statuses[answer.status] += 1
            except urllib3.exceptions.HTTPError as error:
                self.statuses[0] += 1
                self.failures.append(f"port {port}: {error!r}")
                self.lost_by[number] += 1
            stop.wait(PAUSE_S)
        for pool in pools.values():
            pool.close()
