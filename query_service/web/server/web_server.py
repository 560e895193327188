"""The app under gunicorn: its processes, their start and their end.

The parent process loads the encoder and forks the workers (`preload`), each of which makes its own
connections and threads. A worker that can't start sends the reason through a pipe to the parent
process, which then ends. Once the service has answered it stays: a worker that replaces another
waits for what it lacks.
"""

import json
import logging
import mmap
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from plugin_config.errors import LiveIntentError
from plugin_config.settings import ClusterSettings
from query_service.serving.batching import BatchingEncoder
from query_service.settings import ServiceSettings
from query_service.web.observability.logs import announce
from query_service.web.server.arbiter import ServiceArbiter
from query_service.web.server.gpus import visible_gpus
from query_service.web.server.listener import Listener
from query_service.web.server.preloaded import cores, preload, use_threads
from query_service.web.server.shared_folder import free_slot, renew, use_slot

if TYPE_CHECKING:
    from flask import Flask

    from indexer.encoder.encoder import Encoder
    from query_service.serving.service import Service
    from query_service.web.server.buffered_server import BufferedServer

logger = logging.getLogger(__name__)
RETRY_S = 1.0  # before another try to replace a worker
# Python's threads wait for each other within a process, and where one is killed the other answers.
PROCESSES = 2


def worker_count(wanted: int | Literal["auto"], gpus: int) -> int:
    """How many worker processes there are to be, of those that `LIVE_INTENT_PROCESSES` wants."""
    if wanted != "auto":
        return wanted
    return gpus or min(PROCESSES, cores())


class ServiceNotStarted(LiveIntentError):
    """A process of the service could not start."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class ThreadsRefused(LiveIntentError):
    """The machine lets the process start no more threads."""


@contextmanager
def _refused_threads_named() -> Iterator[None]:
    """Raises ThreadsRefused for what Python says of a thread that can't be started."""
    try:
        yield
    except RuntimeError as error:
        if str(error) != "can't start new thread":
            raise
        raise ThreadsRefused(
            "a process can't start its threads: lower LIVE_INTENT_THREADS or LIVE_INTENT_PROCESSES,"
            " or allow more (ulimit -u, ulimit -v, the process limit of the container)"
        ) from error


class QuietLogger(Logger):  # type: ignore[misc]
    """Sends gunicorn's log to the root logger; the app itself logs requests."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        level = logging.DEBUG if logging.getLogger().level <= logging.DEBUG else logging.WARNING
        self.error_log.setLevel(level)
        self.error_log.addFilter(_is_no_echo)


def _is_no_echo(record: logging.LogRecord) -> bool:
    """False for what gunicorn says of workers that could not start: `_failure` has the reason.

    Those beside the first one that could not are ended while they load.
    """
    message = record.getMessage()
    ended = (f"exited with code {Arbiter.APP_LOAD_ERROR}.", "was sent SIGINT!", "was sent SIGTERM!")
    return not (message.startswith(("Shutting down:", "Reason: App")) or message.endswith(ended))


class WebServer(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured in code."""

    def __init__(
        self, settings: ServiceSettings, cluster: ClusterSettings, listener: Listener
    ) -> None:
        self.settings = settings
        self.cluster = cluster
        self.listener = listener
        self.devices = visible_gpus()
        self.processes = worker_count(settings.processes, len(self.devices))
        self.failures = os.pipe()
        os.set_blocking(self.failures[0], False)
        self.encoder: Encoder | None = None
        self.service: Service | None = None  # in a worker, as is `server`
        self.server: BufferedServer | None = None
        self.shared: Path | None = None  # the folder of several processes
        self._notice = ""  # who may call, where that is anybody
        self._has_answered = mmap.mmap(-1, 1)  # shared by all processes
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn."""
        values: dict[str, Any] = {
            "proc_name": "live-intent",
            "worker_class": "query_service.web.server.buffered_worker.BufferedWorker",
            "workers": self.processes,
            "timeout": 0,  # loading a model may take minutes; requests have their own deadlines
            "logger_class": QuietLogger,
            "accesslog": None,
            "control_socket_disable": True,
            "pre_fork": self._pre_fork,
            "post_fork": self._post_fork,
            "post_worker_init": self._worker_ready,
            "worker_exit": self._worker_exit,
            "child_exit": self._child_exit,
        }
        for name, value in values.items():
            if name in self.cfg.settings:  # older versions of gunicorn lack some
                self.cfg.set(name, value)

    def load(self) -> "Flask":
        """The app; gunicorn calls this in each worker, after the fork."""
        replaces = self._has_answered[0] == 1
        try:
            with _refused_threads_named():
                return self._app(wait=replaces)
        except LiveIntentError as error:
            if not replaces:
                failure = {"message": str(error), "exit_code": error.exit_code}
                os.write(self.failures[1], json.dumps(failure)[:4000].encode() + b"\n")
                sys.exit(Arbiter.APP_LOAD_ERROR)
            logger.warning("a process could not be replaced, the next try follows: %s", error)
        except Exception:
            if not replaces:
                raise
            logger.exception("a process could not be replaced, the next try follows")
        time.sleep(RETRY_S)
        sys.exit(1)

    def _app(self, wait: bool) -> "Flask":
        from query_service.serving.assembly import make_service, service_of
        from query_service.web.access.listening import notice
        from query_service.web.access.rate_counts import check_storage
        from query_service.web.app import create_app
        from query_service.web.server.buffered_server import BufferedServer

        use_threads(self.encoder, self.processes)
        if self.encoder is None:
            self.service = make_service(self.settings, self.cluster, shared=self.shared)
        else:
            self.service = service_of(self.settings, self.cluster, self.encoder, self.shared)
        self.service.start(wait)
        if not wait:
            check_storage(self.settings.rate_storage)
            self._notice = notice(self.settings, self.service.key_ring)
        app = create_app(self.settings, self.cluster, service=self.service)
        self.server = BufferedServer(app, self.listener.socket, self.settings)
        self.listener.listen()  # only now: whoever connects is answered
        return app

    def run(self) -> None:
        """Called by `serve`."""
        ServiceArbiter(self, self.listener.socket, self.settings).run()

    def serve(self, shared: Path | None) -> None:
        """Answer requests until SIGTERM or SIGINT; `shared`: the folder of several processes.

        Raises ServiceNotStarted, and what is wrong with the encoder's settings.
        """
        parent, self.shared = os.getpid(), shared
        # Before gunicorn handles it: in a container, the first process ignores it by default.
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
        self.encoder = preload()
        try:
            self.run()
        except SystemExit as end:
            if os.getpid() != parent or end.code in (0, None):
                raise
            raise self._failure() from None

    def _failure(self) -> ServiceNotStarted:
        try:
            first_line = os.read(self.failures[0], 65536).splitlines()[0]
            return ServiceNotStarted(**json.loads(first_line))
        except (OSError, ValueError, IndexError):
            return ServiceNotStarted("the service could not start; the lines above say why")

    def keep_shared(self) -> bool:
        """Make the shared folder again if it is gone; called every second by the parent process.

        True where it had to: the processes are to be renewed, too.
        """
        try:
            return self.shared is not None and renew(self.shared, self.processes)
        except OSError as error:
            logger.warning("the folder that the processes share is gone: %s", error)
            return False

    def _pre_fork(self, server: Any, worker: Any) -> None:
        # A new worker takes the slot, and with it the GPU, of one that has ended.
        taken = {other.slot for other in server.WORKERS.values()}
        worker.slot = next(slot for slot in range(len(taken) + 1) if slot not in taken)

    def _post_fork(self, server: Any, worker: Any) -> None:
        if self.devices:
            device = self.devices[worker.slot % len(self.devices)]
            os.environ["CUDA_VISIBLE_DEVICES"] = device
        if self.shared is not None:
            use_slot(worker.slot)

    def _worker_ready(self, worker: Any) -> None:
        if not self._has_answered[0]:
            self._has_answered[0] = 1
            announce(f"Live Intent answers at {self.listener.url}")
            if self._notice:
                announce(self._notice, err=True)
        logger.info("process %d answers with %d threads", worker.pid, self.settings.threads)

    def _worker_exit(self, server: Any, worker: Any) -> None:
        if self.service is not None:
            self.service.close()
            if isinstance(self.service.encoder, BatchingEncoder):
                self.service.encoder.close()

    def _child_exit(self, server: Any, worker: Any) -> None:
        if self.shared is not None:
            free_slot(self.shared, worker.slot)
