"""The process that fills an index, and whether it is still alive."""

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from plugin_config.schema import IndexNames


@dataclass(frozen=True)
class Owner:
    """The process that fills an index; `started` differs when its pid is used again later.

    `pid_namespace`: where its pid means it; containers of one host name may have several. "": an
    earlier version did not say.
    """

    host: str
    pid: int
    started: str
    pid_namespace: str = ""

    @classmethod
    def this_process(cls) -> "Owner":
        """The owner of an index that this process makes."""
        pid = os.getpid()
        return cls(socket.gethostname(), pid, _started(pid), _pid_namespace())

    @classmethod
    def of_meta(cls, meta: Mapping[str, Any]) -> "Owner":
        """The owner that an index's `_meta` names."""
        texts = [str(meta.get(name, "")) for name in ("host", "started", "pid_namespace")]
        host, started, pid_namespace = texts
        return cls(host, int(meta.get("pid", 0)), started, pid_namespace)

    def to_meta(self) -> dict[str, Any]:
        """The owner's entries in the index's `_meta`."""
        return asdict(self)

    def alias(self, names: IndexNames) -> str:
        """The alias of an index that it fills: of two processes only one can take it over."""
        text = f"{self.host}-{self.pid}-{self.started}".lower()
        return names.owner_alias_prefix + re.sub(r"[^a-z0-9.]+", "-", text)

    def is_dead(self) -> bool:
        """Whether the process is known to be dead; always False for one of another host."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass
        return bool(self.started) and _started(self.pid) != self.started

    def is_surely_dead(self) -> bool:
        """Whether it is dead, also where another container has the host's name."""
        same = self.pid_namespace == _pid_namespace() != ""
        return same and self.is_dead()

    def is_another(self) -> bool:
        """Whether it is another process of this host that may be alive."""
        here = self.host == socket.gethostname()
        return here and self != Owner.this_process() and not self.is_dead()


def _pid_namespace() -> str:
    """The namespace of this process's pid; "" where there is none to read."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _started(pid: int) -> str:
    """A process's start: boot id and clock ticks since boot; "" where /proc can't be read."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
    return f"{boot[:8]}-{ticks}"
