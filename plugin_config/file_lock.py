"""A lock that processes and threads wait for."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PAUSE_S = 0.002  # between looks at a lock that is not waited for without end


@contextmanager
def locked_file(path: Path, timeout_s: float | None = None) -> Iterator[None]:
    """Hold the lock of a file, which is made if it is missing, and stays.

    Raises TimeoutError where others hold it for `timeout_s`; None: waits without end.
    """
    with path.open("wb") as handle:
        if timeout_s is None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        else:
            _lock_by(handle, time.monotonic() + timeout_s)
        yield


def _lock_by(handle: IO[bytes], deadline: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise TimeoutError from None
            time.sleep(PAUSE_S)
        else:
            return
