"""gunicorn's worker class around `BufferedServer`: its signals, its life and its end."""

import os
import sys
from typing import Any

from gunicorn.workers.base import Worker

from query_service.web.buffered_server import BufferedServer

POLL_S = 1.0


class BufferedWorker(Worker):  # type: ignore[misc]
    """A process that answers requests. gunicorn starts, replaces and stops it."""

    server: BufferedServer | None = None

    def run(self) -> None:
        """Answer until a signal, or until the parent process is gone."""
        [listener] = self.sockets
        self.server = BufferedServer(self.wsgi, listener.sock, self.app.settings)
        while self.alive and os.getppid() == self.ppid:
            self.notify()
            self.server.poll(POLL_S)
        self.server.drain(self.cfg.graceful_timeout)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: finish what is under way."""
        self.alive = False
        if self.server is not None:
            self.server.pull_trigger()

    def handle_quit(self, sig: int, frame: Any) -> None:
        """SIGQUIT, and SIGINT from a terminal: end at once."""
        self.alive = False
        sys.exit(0)
