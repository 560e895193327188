"""The app under gunicorn: its processes, their start and their end.

Each worker process loads the models itself, after the fork: threads and CUDA do not survive one.
A worker that can't start sends the reason through a pipe to the parent process, which then ends.
"""

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from plugin_config.errors import LiveIntentError
from plugin_config.settings import ClusterSettings
from query_service.settings import ServiceSettings

if TYPE_CHECKING:
    from flask import Flask

logger = logging.getLogger(__name__)
GRACE_S = 30  # for running requests, when the service ends
MAX_TORCH_THREADS = 8


class ServiceNotStarted(LiveIntentError):
    """A process of the service could not start."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


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
    """False for what gunicorn says of a worker that could not start: `_failure` has the reason."""
    message = record.getMessage()
    ended = f"exited with code {Arbiter.APP_LOAD_ERROR}."
    return not (message.startswith(("Shutting down:", "Reason: App")) or message.endswith(ended))


class WebServer(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured in code."""

    def __init__(
        self, settings: ServiceSettings, cluster: ClusterSettings, listener: int, url: str
    ) -> None:
        self.settings = settings
        self.cluster = cluster
        self.listener = listener  # file descriptor of the listening socket
        self.url = url
        self.devices = devices()
        self.processes = (
            max(len(self.devices), 1) if settings.processes == "auto" else settings.processes
        )
        self.failures = os.pipe()
        os.set_blocking(self.failures[0], False)
        self.app: Flask | None = None
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn."""
        values: dict[str, Any] = {
            "bind": f"fd://{self.listener}",
            "proc_name": "live-intent",
            "worker_class": "query_service.web.buffered_worker.BufferedWorker",
            "workers": self.processes,
            "graceful_timeout": GRACE_S,
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
        try:
            _set_torch_threads(self.processes)
            from query_service.web.app import create_app

            self.app = create_app(self.settings, self.cluster)
        except LiveIntentError as error:
            failure = {"message": str(error), "exit_code": error.exit_code}
            os.write(self.failures[1], json.dumps(failure)[:4000].encode() + b"\n")
            sys.exit(Arbiter.APP_LOAD_ERROR)
        return self.app

    def serve(self) -> None:
        """Answer requests until SIGTERM or SIGINT. Raises ServiceNotStarted."""
        parent = os.getpid()
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

    def _pre_fork(self, server: Any, worker: Any) -> None:
        # A new worker takes the slot, and with it the GPU, of one that has ended.
        taken = {getattr(other, "slot", None) for other in server.WORKERS.values()}
        worker.slot = next(slot for slot in range(len(taken) + 1) if slot not in taken)

    def _post_fork(self, server: Any, worker: Any) -> None:
        if self.devices:
            device = self.devices[worker.slot % len(self.devices)]
            os.environ["CUDA_VISIBLE_DEVICES"] = device

    def _worker_ready(self, worker: Any) -> None:
        if worker.age == 1:
            click.echo(f"Live Intent answers at {self.url}")
        logger.info("process %d answers with %d threads", worker.pid, self.settings.threads)

    def _worker_exit(self, server: Any, worker: Any) -> None:
        if self.app is None:
            return
        service = self.app.extensions["live_intent"]
        service.close()
        service.encoder.close()

    def _child_exit(self, server: Any, worker: Any) -> None:
        if self.processes > 1:
            from prometheus_client.multiprocess import mark_process_dead

            mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


@contextmanager
def shared_metrics(processes: int) -> Iterator[None]:
    """Set up a temporary folder through which several processes share their metrics."""
    if processes == 1:
        yield
        return
    parent, folder = os.getpid(), tempfile.mkdtemp(prefix="live-intent-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    try:
        yield
    finally:
        if os.getpid() == parent:  # a forked process leaves through here, too
            shutil.rmtree(folder, ignore_errors=True)


def devices() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them.

    Without torch: a process that has initialised CUDA can't be forked any more.
    """
    if os.environ.get("LIVE_INTENT_DEVICE", "auto") not in ("", "auto", "cuda"):
        return []  # the setting names one device, or the CPU
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1")]
    try:
        ran = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    gpus = [line for line in ran.stdout.splitlines() if line.startswith("GPU ")]
    return [str(index) for index in range(len(gpus))]


def _set_torch_threads(processes: int) -> None:
    """Divide the cores between the processes: else each computes on all of them."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    torch.set_num_threads(max(1, min((cores or 1) // processes, MAX_TORCH_THREADS)))
