"""gunicorn's worker class around `BufferedServer`: its signals, its life and its end."""

import logging
import mmap
import os
import signal
import sys
import time
from typing import Any

from gunicorn.workers.base import Worker

from query_service.web.observability.logs import tell_repeats
from query_service.web.server.buffered_server import BufferedServer

log = logging.getLogger(__name__)
POLL_S = 1.0


class BufferedWorker(Worker):  # type: ignore[misc]
    """A process that answers requests. `ServiceArbiter` starts, replaces and stops it."""

    server: BufferedServer | None = None
    retired = False  # in the parent: it has been asked to end, as others have taken its place
    renewed = False  # in the parent: it is to end when another has taken its place
    slot = 0  # which GPU it uses

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._answers = mmap.mmap(-1, 1)  # shared with the parent process
        self._drains = self._hurries = False
        self._last_round, self._still_s = 0.0, 0.0  # in the parent

    @property
    def answers(self) -> bool:
        """Whether it takes requests; known in the parent process, too."""
        return self._answers[0] == 1

    def stands_still(self, passed_s: float) -> float:
        """In the parent: seconds without a round of its loop; `passed_s` since the last look."""
        last_round = self.tmp.last_update()
        self._still_s = self._still_s + passed_s if last_round == self._last_round else 0.0
        self._last_round = last_round
        return self._still_s

    def init_signals(self) -> None:
        super().init_signals()
        signal.signal(signal.SIGINT, self.handle_interrupt)

    def run(self) -> None:
        """Answer until a signal, or until the parent process is gone."""
        if not self.alive:  # asked to end while it was loading
            return
        settings, self.server = self.app.settings, self.app.server
        self._answers[0] = 1
        next_tell = 0.0
        while self.alive and self._has_parent():
            self.notify()
            self.server.poll(POLL_S)  # returns at each event of a socket
            if (now := time.monotonic()) >= next_tell:
                next_tell = now + POLL_S
                tell_repeats()
        if not self._has_parent():
            log.warning("the parent process is gone: this process ends")
        self.server.draining = True
        if self._drains:
            self.wsgi.extensions["live_intent"].announce_stop()
            ends_at = time.monotonic() + settings.drain_s
            while not self._hurries and (left_s := ends_at - time.monotonic()) > 0:
                self.server.poll(min(left_s, POLL_S))
        self.server.drain(settings.stop_grace_s)

    def _has_parent(self) -> bool:
        parent: int = self.ppid
        return os.getppid() == parent

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: be ready no more, but answer while load balancers send requests."""
        self._hurries, self._drains = self._drains, True
        self._end()

    def handle_interrupt(self, sig: int, frame: Any) -> None:
        """SIGINT: accept no more connections, and finish what is under way."""
        self._hurries = True
        self._end()

    def handle_quit(self, sig: int, frame: Any) -> None:
        """SIGQUIT: end at once."""
        self.alive = False
        sys.exit(0)

    def _end(self) -> None:
        self.alive = False
        if self.server is not None:
            self.server.pull_trigger()
