"""When the command that this process runs began: before its imports, which take a second."""

import time
from contextvars import ContextVar

# time.time_ns(); None: this process is no command.
COMMAND_BEGAN: ContextVar[int | None] = ContextVar("command_began", default=None)


def began_ms() -> int:
    """When the command began, ms since 1970; now, in a process that is none."""
    return (COMMAND_BEGAN.get() or time.time_ns()) // 1_000_000
