"""The process that fills an index, and whether it is still alive."""

import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Owner:
    """The process that fills an index. `started` tells it from a later one of the same number."""

    host: str
    pid: int
    started: str

    @classmethod
    def this_process(cls) -> "Owner":
        """The one that runs now."""
        return cls(socket.gethostname(), os.getpid(), _started(os.getpid()))

    @classmethod
    def of_meta(cls, meta: Mapping[str, Any]) -> "Owner":
        """The one that an index's `_meta` names."""
        return cls(str(meta.get("host", "")), int(meta.get("pid", 0)), str(meta.get("started", "")))

    def to_meta(self) -> dict[str, Any]:
        """As it stands in the index's `_meta`."""
        return asdict(self)

    def is_dead(self) -> bool:
        """Known to be dead; False for a process of another host, of which nothing is known."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass
        return bool(self.started) and _started(self.pid) != self.started


def _started(pid: int) -> str:
    """When a process began, as this boot of the machine counts; "" where that can't be read."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
    return f"{boot[:8]}-{ticks}"
