"""The parent process: starts, replaces and stops the worker processes."""

import logging
import queue
import signal
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer

from query_service.settings import ServiceSettings

if TYPE_CHECKING:
    from query_service.web.server.buffered_worker import BufferedWorker

logger = logging.getLogger(__name__)
LOOK_S = 2.0  # of the time between two looks at the workers, what counts at most
CLOSE_S = 15.0  # for a worker to write the waiting queries, after its grace
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)  # each is in more of a hurry


class ServiceArbiter(Arbiter):  # type: ignore[misc]
    """gunicorn's arbiter, with workers that are replaced without a gap and stopped in steps.

    SIGTERM gives load balancers time, SIGINT ends after the requests under way, SIGQUIT at once; a
    second one goes a step further. SIGHUP renews the workers.
    """

    WORKERS: "dict[int, BufferedWorker]"

    def __init__(
        self, app: BaseApplication, listener: socket.socket, settings: ServiceSettings
    ) -> None:
        super().__init__(app)
        self.LISTENERS = [listener]
        self._stop_signal = signal.SIGINT
        self._hang_s = settings.hang_timeout_s
        self._looked_at = time.monotonic()
        self._stop_s = settings.drain_s + settings.stop_grace_s + CLOSE_S

    def murder_workers(self) -> None:
        """Kill a worker that hangs: it would keep its connections. gunicorn calls this each second.

        A worker notes each round of its loop. Time counts only while this process looks at it every
        second or so: after both were stopped for a minute none has hung.
        """
        now = time.monotonic()
        passed_s = min(now - self._looked_at, LOOK_S)
        self._looked_at = now
        for pid, worker in list(self.WORKERS.items()):
            still_s = worker.stands_still(passed_s)
            # One that ends does not go round its loop.
            allowed_s = self._hang_s + (self._stop_s if worker.retired else 0)
            if self._hang_s and worker.answers and still_s > allowed_s:
                logger.error(
                    "process %d hangs since %.0f s: it is killed, and replaced", pid, still_s
                )
                self.kill_worker(pid, signal.SIGKILL)

    def manage_workers(self) -> None:
        """Start missing workers; end renewed and surplus ones when the others answer."""
        if self.app.keep_shared():
            for worker in self.WORKERS.values():
                worker.renewed = True
        current = [worker for worker in self.WORKERS.values() if not worker.retired]
        fresh = sorted((each for each in current if not each.renewed), key=lambda each: each.age)
        for _ in range(self.num_workers - len(fresh)):
            self.spawn_worker()
        newest = fresh[-self.num_workers :]
        if len(newest) == self.num_workers and all(worker.answers for worker in newest):
            for worker in set(current) - set(newest):
                worker.retired = True
                self.kill_worker(worker.pid, signal.SIGINT)

    def reload(self) -> None:
        """SIGHUP: start new workers; `manage_workers` ends the old ones."""
        for worker in self.WORKERS.values():
            worker.renewed = worker.answers  # one that has yet to start is new enough
        self.manage_workers()

    def handle_usr2(self) -> None:
        """SIGUSR2: nothing; gunicorn would start a second service, which nobody supervises."""

    def handle_term(self) -> None:
        """SIGTERM."""
        self._stop_signal = signal.SIGTERM
        raise StopIteration

    def handle_int(self) -> None:
        """SIGINT, as Ctrl-C sends it."""
        raise StopIteration

    def handle_quit(self) -> None:
        """SIGQUIT."""
        self._stop_signal = signal.SIGQUIT
        raise StopIteration

    def stop(self, graceful: bool = True) -> None:
        """End the workers: by the signal, by further ones, at last by SIGKILL."""
        for listener in self.LISTENERS:
            listener.close()
        self.LISTENERS = []
        ends_at = time.monotonic() + self._stop_s
        self.kill_workers(self._stop_signal)
        while self.WORKERS and time.monotonic() < ends_at:
            with suppress(queue.Empty):
                self._hurry(self.SIG_QUEUE.get(timeout=0.1))
            self._reap()
        self.kill_workers(signal.SIGKILL)
        self._reap()

    def _hurry(self, number: Any) -> None:
        if number in STOP_SIGNALS:
            step = STOP_SIGNALS.index(self._stop_signal) + 1
            further = max(step, STOP_SIGNALS.index(number))
            self._stop_signal = STOP_SIGNALS[min(further, len(STOP_SIGNALS) - 1)]
            self.kill_workers(self._stop_signal)

    def _reap(self) -> None:
        with suppress(HaltServer):  # of a worker that had not started: the service ends anyway
            self.reap_workers()
