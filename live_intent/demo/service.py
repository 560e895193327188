"""The query service in the background: started, found again, and stopped by the demo."""

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
STOP_TIMEOUT_S = 30.0
PORTS_TRIED = 20
_LOG_TAIL = 15  # lines shown when the service does not start


class ServiceFailed(LiveIntentError):
    """The service did not start, or does not stop."""


@dataclass(frozen=True)
class Running:
    """A service in the background, and the settings that it was started with."""

    pid: int
    url: str
    settings: dict[str, str]


class BackgroundService:
    """`live-intent serve` as a process of its own, with its record and log in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.record = folder / "service.json"
        self.log = folder / "service.log"

    def running(self) -> Running | None:
        """The service that was started from this folder, if it still runs."""
        try:
            found = Running(**json.loads(self.record.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return found if _is_ours(found.pid) else None

    def start(self, port: int, environment: Mapping[str, str]) -> Running:
        """Start it on `port` and wait until it answers searches. Raises ServiceFailed."""
        variables = dict(environment) | {"LIVE_INTENT_PORT": str(port)}
        with self.log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "live_intent.main", "serve"],
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # it stays when the terminal closes
            )
        running = Running(process.pid, f"http://127.0.0.1:{port}", settings_of(environment))
        self.record.write_text(json.dumps(asdict(running)), encoding="utf-8")
        deadline = time.monotonic() + START_TIMEOUT_S
        while Site(running.url).get("/readyz") != 200:
            ended = process.poll() is not None
            if ended or time.monotonic() > deadline:
                self.stop()
                what = "ended while it started" if ended else "was not ready in time"
                raise ServiceFailed(f"the service {what}:\n{self._tail()}\nIts log: {self.log}")
            time.sleep(0.2)
        return running

    def stop(self) -> bool:
        """Stop it and wait for its end; whether it was running. Raises ServiceFailed."""
        running = self.running()
        if running is not None:
            _end(running.pid)
        self.record.unlink(missing_ok=True)
        return running is not None

    def _tail(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_LOG_TAIL:])


def settings_of(environment: Mapping[str, str]) -> dict[str, str]:
    """What a service was started with: one with other settings, or older code, starts anew."""
    secret = ("LIVE_INTENT_OPENSEARCH_PASSWORD", "LIVE_INTENT_PORT")
    found = {
        name: value
        for name, value in sorted(environment.items())
        if name.startswith("LIVE_INTENT_") and name not in secret
    }
    return found | {"code": _newest_code()}


def _newest_code() -> str:
    """When a file of ours was changed last."""
    packages = (plugin_config, indexer, query_service)
    folders = [Path(folder) for package in packages for folder in package.__path__]
    files = [path for folder in folders for path in folder.rglob("*.*")]
    return str(max(path.stat().st_mtime for path in files if "__pycache__" not in path.parts))


def port_to_use(port: int, asked_for: bool) -> int:
    """`port`, or the next free one; a port that was asked for must be free.

    Raises ServiceFailed.
    """
    for candidate in range(port, port + PORTS_TRIED):
        if not port_taken(candidate):
            return candidate
        if asked_for:
            raise ServiceFailed(
                f"port {port} is taken by something else: set LIVE_INTENT_PORT to a free one"
            )
    raise ServiceFailed(
        f"the ports {port} to {port + PORTS_TRIED - 1} are all taken: set LIVE_INTENT_PORT"
    )


def _is_ours(pid: int) -> bool:
    """Whether this process is a service that a demo started: a pid may be another's by now."""
    with suppress(ChildProcessError):  # one that ended, and that we started, is still there
        os.waitpid(pid, os.WNOHANG)
    if Path("/proc/self").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return False
    else:
        shown = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        command = subprocess.run(shown, capture_output=True, text=True, check=False).stdout
    return "gunicorn" in command or ("live_intent" in command and "serve" in command)


def _end(pid: int) -> None:
    for sign, patience in ((signal.SIGTERM, STOP_TIMEOUT_S), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError):
            os.kill(pid, sign)
        deadline = time.monotonic() + patience
        while _is_ours(pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        if not _is_ours(pid):
            return
    raise ServiceFailed(f"the service (process {pid}) does not end")
