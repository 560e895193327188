"""Waiting for a condition."""

import subprocess
import time
from collections.abc import Callable


def wait_until(
    condition: Callable[[], object],
    timeout_s: float = 60.0,
    process: "subprocess.Popen[str] | None" = None,
) -> None:
    """Return when `condition` is true.

    Raises AssertionError after `timeout_s`, or as soon as `process` has ended; the message has what
    the process printed to its pipes.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        ended = process is not None and process.poll() is not None
        if ended or time.monotonic() > deadline:
            reason = "the process has ended" if ended else f"not within {timeout_s} s"
            if process is not None:
                process.kill()
                reason += "".join(f"\n{output}" for output in process.communicate() if output)
            raise AssertionError(reason)
        time.sleep(0.01)
