"""What each process of a service has yet to write, so that the others can wait for it.

A process writes queries a moment after it has answered. Who asks another process for a session
then, or joins it to a user, is to find them. Each process notes in a file how many entries its
queue got, and how many of them it is done with; services on other machines are not waited for.
"""

import logging
import mmap
import os
import struct
import time
from contextlib import suppress
from pathlib import Path

logger = logging.getLogger(__name__)
WAIT_S = 1.0  # at most: one that hangs is not waited for
PAUSE_S = 0.005
_NUMBERS = struct.Struct("QQ")  # entries added, entries done


class ProcessQueues:
    """The queue of this process among those of one service's processes."""

    def __init__(self, folder: Path | None = None, prefix: str = "") -> None:
        """`folder`: which the processes share, None: there are no others. `prefix`: of indexes."""
        self._folder, self._name = folder, f"{prefix}queue-"
        self._own = memoryview(bytearray(_NUMBERS.size)).cast("Q")
        self._hanging: dict[int, int] = {}  # processes not waited for until they have done more
        if folder is None:
            return
        try:
            with (folder / f"{self._name}{os.getpid()}").open("w+b") as file:
                file.write(bytes(_NUMBERS.size))  # a full disk would end the process later
                file.flush()
                self._own = memoryview(mmap.mmap(file.fileno(), _NUMBERS.size)).cast("Q")
        except OSError as error:
            logger.warning("other processes will not wait for what this one writes: %s", error)

    def note(self, added: int, done: int) -> None:
        """Let others know how many entries were added so far, and how many are written or lost."""
        self._own[0], self._own[1] = added, done

    def wait(self, timeout_s: float = WAIT_S) -> None:
        """Wait until the others are done with what they have got so far, or until `timeout_s`."""
        if self._folder is None:
            return
        until = time.monotonic() + min(timeout_s, WAIT_S)
        for file in self._folder.glob(f"{self._name}*"):
            pid = int(file.name.removeprefix(self._name))
            added, done = _numbers(file)
            if pid == os.getpid() or self._hanging.get(pid) == done:
                continue
            while done < added and _is_alive(pid):
                if time.monotonic() >= until:
                    self._hanging[pid] = done
                    break
                time.sleep(PAUSE_S)
                done = _numbers(file)[1]

    def close(self) -> None:
        """Remove this process's file."""
        if self._folder is not None:
            with suppress(OSError):
                (self._folder / f"{self._name}{os.getpid()}").unlink(missing_ok=True)


def _numbers(file: Path) -> tuple[int, int]:
    """Entries added and done; 0 of both where the process has just ended."""
    try:
        added, done = _NUMBERS.unpack(file.read_bytes())
    except (OSError, struct.error):
        return 0, 0
    return added, done


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
