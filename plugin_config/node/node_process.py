"""Runs an OpenSearch node as a process of this machine."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from plugin_config.errors import NodeError
from plugin_config.node.java import Java, java_options
from plugin_config.state_dir import NOBODY, closed_to_nobody

_started: dict[int, "subprocess.Popen[bytes]"] = {}


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_taken(port: int) -> bool:
    """Whether something on this machine holds the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def spawn(
    home: Path,
    folder: Path,
    name: str,
    port: int,
    java: Java,
    *,
    heap: str,
    own: Mapping[str, object] = MappingProxyType({}),
) -> int:
    """Start the node of `folder` with the installation in `home`; return its pid.

    `own`: settings in place of those that a node alone has; None leaves one out. Root starts it as
    the user `nobody`, since OpenSearch refuses to run as root.

    Raises:
        NodeError: the folder can't be used by that user, or the start itself fails.
    """
    if any(character.isspace() for character in str(folder)):
        raise NodeError(
            f"OpenSearch can't run in a folder with a space in its path ({folder}): set "
            "LIVE_INTENT_STATE_DIR to another one"
        )
    if os.geteuid() == 0 and (closed := closed_to_nobody(folder)):
        raise NodeError(
            f"a node that root starts runs as the user {NOBODY}, who can't enter {closed}: set "
            f"LIVE_INTENT_STATE_DIR to a folder that everyone can enter, such as "
            f"/var/tmp/live-intent, or run: chmod o+x {closed}"
        )
    _prepare(home, folder, name, port, own)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "OPENSEARCH_JAVA_HOME": str(java.home),
        "OPENSEARCH_PATH_CONF": str(folder / "config"),
        "OPENSEARCH_TMPDIR": str(folder / "tmp"),
        "OPENSEARCH_JAVA_OPTS": f"{java_options()} -Xms{heap} -Xmx{heap}",
    }
    # `runs` recognises the process by the path of the pid file, even while it is a shell script.
    command = [str(home / "bin" / "opensearch"), "-p", str(folder / "pid")]
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam(NOBODY)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    with (folder / "logs" / "console.log").open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal must not stop the node
            **identity,
        )
    _started[process.pid] = process
    return process.pid


def runs(pid: int, folder: Path) -> bool:
    """Whether this process is the node of `folder`; the system may have reused the pid."""
    own = _started.get(pid)
    if own is not None:
        return own.poll() is None
    return f" {folder}/pid " in _command_line(pid) + " "


def end(pid: int, folder: Path, timeout_s: float = 60.0) -> None:
    """Terminate the node, wait until it has ended, and kill it after `timeout_s` seconds.

    Raises:
        NodeError: it still runs 10 s after the kill.
    """
    for signal_number, wait_s in ((signal.SIGTERM, timeout_s), (signal.SIGKILL, 10.0)):
        deadline = time.monotonic() + wait_s
        if not runs(pid, folder):
            break
        os.kill(pid, signal_number)
        while runs(pid, folder) and time.monotonic() < deadline:
            time.sleep(0.1)
    if runs(pid, folder):
        raise NodeError(f"the process {pid} does not end: look at {folder / 'logs'}")
    _started.pop(pid, None)


def _prepare(home: Path, folder: Path, name: str, port: int, own: Mapping[str, object]) -> None:
    """Write the node's own configuration; data of an earlier run stay."""
    for subfolder in ("config", "logs", "tmp"):  # without old logs, a cause is of this start
        shutil.rmtree(folder / subfolder, ignore_errors=True)
    for subfolder in ("config", "data", "logs", "tmp"):
        (folder / subfolder).mkdir(exist_ok=True)
    for file in ("log4j2.properties", "fips_java.security"):
        if (home / "config" / file).is_file():
            shutil.copyfile(home / "config" / file, folder / "config" / file)
    for plugin in (home / "config").glob("opensearch-*/"):  # what a plugin reads beside them
        shutil.copytree(plugin, folder / "config" / plugin.name)
    options = (home / "config" / "jvm.options").read_text(encoding="utf-8")
    options = options.replace("file=logs/", f"file={folder}/logs/")
    options = options.replace("ErrorFile=logs/", f"ErrorFile={folder}/logs/")
    options = options.replace("HeapDumpPath=data", f"HeapDumpPath={folder}/data")
    (folder / "config" / "jvm.options").write_text(options, encoding="utf-8")
    settings: dict[str, object] = {
        "cluster.name": f"live-intent-{name}",
        "node.name": name,
        "path.data": folder / "data",
        "path.logs": folder / "logs",
        "network.host": "127.0.0.1",
        "http.port": port,
        "transport.port": free_port(),
        "discovery.type": "single-node",
        "node.store.allow_mmap": "false",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
    settings |= own
    lines = [f"{key}: {value}\n" for key, value in settings.items() if value is not None]
    (folder / "config" / "opensearch.yml").write_text("".join(lines), encoding="utf-8")


def _command_line(pid: int) -> str:
    """The command of a process; "" if it does not exist or is a zombie."""
    if Path("/proc/self").exists():
        for _ in range(10):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1]
            except (OSError, IndexError):
                return ""
            if command or state.split()[0] in "ZX":
                return command.replace(b"\0", b" ").decode(errors="replace")
            time.sleep(0.01)  # during an exec the command line is empty
        return ""
    ran = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return ran.stdout.strip()
