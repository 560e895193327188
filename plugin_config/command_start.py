"""When the command that this process runs began: before its imports, which take a second."""

import os
import resource
import time
from contextvars import ContextVar
from pathlib import Path

_LONGEST_NS = 10 * 10**9  # that an interpreter takes to start
# time.time_ns(); None: this process is no command.
COMMAND_BEGAN: ContextVar[int | None] = ContextVar("command_began", default=None)


def began_ms() -> int:
    """When the command began, ms since 1970; now, in a process that is none."""
    return (COMMAND_BEGAN.get() or time.time_ns()) // 1_000_000


def process_began_ns(loaded_ns: int) -> int:
    """When this process began, as `time.time_ns`; `loaded_ns` where its start says nothing.

    That is so without /proc, and in a shell's process that ran other commands before: the kernel
    counts what a process's children took, and keeps the start of a process that becomes another.
    """
    if resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt:
        return loaded_ns
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        age_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    except (OSError, ValueError, IndexError, AttributeError):
        return loaded_ns
    # A whole tick later: what was written just before must not count as after.
    age_ns -= (ticks + 1) * (10**9 // os.sysconf("SC_CLK_TCK"))
    began_ns = time.time_ns() - age_ns
    return began_ns if loaded_ns - _LONGEST_NS <= began_ns <= loaded_ns else loaded_ns
