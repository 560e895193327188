"""The app under gunicorn: processes, threads, and how they begin and end.

Each process loads the models itself, after the fork: threads and CUDA do not survive one. When a
process can't start, its reason goes to the first process through a pipe and ends the whole.
"""

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
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
GRACE_S = 30  # for requests under way, when the service ends
KEEP_ALIVE_S = 75  # longer than a load balancer's own, so that it never meets a closed connection
MOST_TORCH_THREADS = 8


class ServiceNotStarted(LiveIntentError):
    """A process of the service could not start."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class QuietLogger(Logger):  # type: ignore[misc]
    """gunicorn's own lines go where all others go; requests are logged by the app."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        level = logging.DEBUG if logging.getLogger().level <= logging.DEBUG else logging.WARNING
        self.error_log.setLevel(level)


class WebServer(BaseApplication):  # type: ignore[misc]
    """gunicorn, set up in code. `serve` runs it until it is told to end."""

    def __init__(
        self, settings: ServiceSettings, cluster: ClusterSettings, listener: int, url: str
    ) -> None:
        self.settings = settings
        self.cluster = cluster
        self.listener = listener
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
            "worker_class": "gthread",
            "workers": self.processes,
            "threads": self.settings.threads,
            "keepalive": KEEP_ALIVE_S,
            "graceful_timeout": GRACE_S,
            "timeout": 0,  # to load a model may take minutes; hung requests have deadlines
            "logger_class": QuietLogger,
            "accesslog": None,
            "control_socket_disable": True,
            "limit_request_line": 4094,
            "pre_fork": self._pre_fork,
            "post_fork": self._post_fork,
            "post_worker_init": self._ready,
            "worker_exit": self._end,
            "child_exit": self._child_ended,
        }
        for name, value in values.items():
            if name in self.cfg.settings:  # older ones lack some
                self.cfg.set(name, value)

    def load(self) -> "Flask":
        """Called by gunicorn in each process, after the fork: the app."""
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
        """Answers requests until SIGTERM or SIGINT. Raises ServiceNotStarted."""
        first = os.getpid()
        try:
            self.run()
        except SystemExit as end:
            if os.getpid() != first or end.code in (0, None):
                raise
            raise self._failure() from None

    def _failure(self) -> ServiceNotStarted:
        try:
            told = os.read(self.failures[0], 65536).splitlines()[0]
            return ServiceNotStarted(**json.loads(told))
        except (OSError, ValueError, IndexError):
            return ServiceNotStarted("the service could not start; the lines above say why")

    def _pre_fork(self, server: Any, worker: Any) -> None:
        taken = {getattr(other, "slot", None) for other in server.WORKERS.values()}
        worker.slot = next(slot for slot in range(len(taken) + 1) if slot not in taken)

    def _post_fork(self, server: Any, worker: Any) -> None:
        if self.devices:
            device = self.devices[worker.slot % len(self.devices)]
            os.environ["CUDA_VISIBLE_DEVICES"] = device

    def _ready(self, worker: Any) -> None:
        if worker.age == 1:
            click.echo(f"Live Intent answers at {self.url}")
        logger.info("process %d answers with %d threads", worker.pid, self.settings.threads)

    def _end(self, server: Any, worker: Any) -> None:
        if self.app is None:
            return
        service = self.app.extensions["live_intent"]
        service.close()
        service.encoder.close()

    def _child_ended(self, server: Any, worker: Any) -> None:
        if self.processes > 1:
            from prometheus_client.multiprocess import mark_process_dead

            mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


@contextmanager
def shared_metrics(processes: int) -> Iterator[None]:
    """A folder in which several processes gather their metrics."""
    if processes == 1:
        yield
        return
    first, folder = os.getpid(), tempfile.mkdtemp(prefix="live-intent-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    try:
        yield
    finally:
        if os.getpid() == first:  # a forked process leaves through here, too
            shutil.rmtree(folder, ignore_errors=True)


def devices(environment: Mapping[str, str] | None = None) -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them.

    torch is not asked: a process that has looked at CUDA can't be forked any more.
    """
    given = os.environ if environment is None else environment
    if given.get("LIVE_INTENT_DEVICE", "auto") not in ("", "auto", "cuda"):
        return []  # one device is named, or none is wanted
    visible = given.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1")]
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        listed = subprocess.run(
            [tool, "-L"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    gpus = [line for line in listed.stdout.splitlines() if line.startswith("GPU ")]
    return [str(number) for number in range(len(gpus))]


def _set_torch_threads(processes: int) -> None:
    """Processes that share the cores must not each compute on all of them."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    torch.set_num_threads(max(1, min((cores or 1) // processes, MOST_TORCH_THREADS)))
