"""Servers that processes count rates in together: Redis and memcached, where they are installed."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from plugin_config.node.node_process import free_port
from tests.integration.waiting import wait_until

KINDS = ("redis", "memcached")
_PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


class CountServer:
    """A server of its own, on a port that stays the same when it starts again."""

    def __init__(self, kind: str, program: str) -> None:
        self.port = free_port()
        self.url = f"{kind}://127.0.0.1:{self.port}"
        port = str(self.port)
        self._line = (
            [program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
            if kind == "redis"
            else [program, "-p", port, "-l", "127.0.0.1", "-u", "nobody"]
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._listens, 30)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def _listens(self) -> bool:
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def count_server(kind: str) -> Iterator[CountServer]:
    """A running server; the test is skipped where its program is not installed."""
    name = "redis-server" if kind == "redis" else kind
    program = shutil.which(name, path=_PATH)
    if program is None:
        pytest.skip(f"no {name}: install it (Debian: {name})")
    server = CountServer(kind, program)
    server.start()
    try:
        yield server
    finally:
        server.stop()
