"""The query service as a background process: the demo starts it, finds it again and stops it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import indexer
import plugin_config
import query_service
from live_intent.demo.visit import Site
from plugin_config.errors import LiveIntentError
from plugin_config.node.node_process import port_taken

START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 60.0
PORTS_TRIED = 20
_LOG_TAIL = 15  # lines of the log, shown when the service does not start


class ServiceFailed(LiveIntentError):
    """The service did not start, or does not stop."""


@dataclass(frozen=True)
class RunningService:
    """A service process; `settings` is the `service_settings` of its start."""

    pid: int
    url: str
    settings: dict[str, str]


class BackgroundService:
    """`live-intent serve` as its own process; `folder` holds its record (pid, url) and log."""

    def __init__(self, folder: Path) -> None:
        self.record = folder / "service.json"
        self.log = folder / "service.log"

    def running(self) -> RunningService | None:
        """Return the recorded service, or None when it does not run any more."""
        try:
            service = RunningService(**json.loads(self.record.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return service if _is_service(service.pid) else None

    def start(self, port: int, environment: Mapping[str, str]) -> RunningService:
        """Start the service on `port` and wait until it is ready. Raises ServiceFailed."""
        # No load balancer is before it that would have to notice its end.
        variables = {"LIVE_INTENT_DRAIN_S": "0", **environment, "LIVE_INTENT_PORT": str(port)}
        with self.log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "live_intent.main", "serve"],
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # the service outlives the terminal
            )
        url = f"http://127.0.0.1:{port}"
        service = RunningService(process.pid, url, service_settings(environment))
        self.record.write_text(json.dumps(asdict(service)), encoding="utf-8")
        deadline = time.monotonic() + START_TIMEOUT_S
        while Site(url).get("/readyz") != 200:
            ended = process.poll() is not None
            if ended or time.monotonic() > deadline:
                self.stop()
                what = "ended while it started" if ended else "was not ready in time"
                raise ServiceFailed(f"the service {what}:\n{self._tail()}\nIts log: {self.log}")
            time.sleep(0.2)
        return service

    def stop(self) -> bool:
        """Stop the service and wait for its end; return whether it ran. Raises ServiceFailed."""
        service = self.running()
        if service is not None:
            _terminate(service.pid)
        self.record.unlink(missing_ok=True)
        return service is not None

    def _tail(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_LOG_TAIL:])


def service_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the LIVE_INTENT_* variables, and the newest modification time of the code.

    The demo restarts a service whose settings or code have changed. The password is left out
    because the result is written to disk, the port because the demo may choose another one.
    """
    left_out = ("LIVE_INTENT_OPENSEARCH_PASSWORD", "LIVE_INTENT_PORT")
    variables = {
        name: value
        for name, value in sorted(environment.items())
        if name.startswith("LIVE_INTENT_") and name not in left_out
    }
    packages = (plugin_config, indexer, query_service)
    folders = [Path(folder) for package in packages for folder in package.__path__]
    files = [path for folder in folders for path in folder.rglob("*.*")]
    newest = max(path.stat().st_mtime for path in files if "__pycache__" not in path.parts)
    return variables | {"code": str(newest)}


def port_to_use(port: int, required: bool) -> int:
    """Return `port` or, unless it is `required`, the next free one.

    Raises ServiceFailed when no port is free.
    """
    for candidate in range(port, port + PORTS_TRIED):
        if not port_taken(candidate):
            return candidate
        if required:
            raise ServiceFailed(
                f"port {port} is taken by something else: set LIVE_INTENT_PORT to a free one"
            )
    raise ServiceFailed(
        f"the ports {port} to {port + PORTS_TRIED - 1} are all taken: set LIVE_INTENT_PORT"
    )


def _is_service(pid: int) -> bool:
    """Whether the process is a query service: the system may have reused the pid."""
    with suppress(ChildProcessError):  # reap our own child, which else stays as a zombie
        os.waitpid(pid, os.WNOHANG)
    if Path("/proc/self").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return False
    else:
        ps = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        command = subprocess.run(ps, capture_output=True, text=True, check=False).stdout
    return "gunicorn" in command or ("live_intent" in command and "serve" in command)


def _terminate(pid: int) -> None:
    for number, timeout_s in ((signal.SIGTERM, STOP_TIMEOUT_S), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + timeout_s
        while _is_service(pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        if not _is_service(pid):
            return
    raise ServiceFailed(f"the service (process {pid}) does not end")
