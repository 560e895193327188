"""Ctrl-C and SIGTERM during a rebuild: clean up once, then exit with 130 or 143."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(BaseException):
    """A signal asked this process to stop; no `except Exception` catches it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def stopped_by_signals(state: Callable[[], str]) -> Iterator[None]:
    """Raises `Stopped` in the block on SIGINT or SIGTERM, then exits with 128 + signal number.

    Only the first signal counts: a second Ctrl-C must not interrupt the clean-up. The exit message
    ends with the text of `state`.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals belong to the main thread
        return
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        if stopping:
            sys.stderr.write("stopping already, a moment ...\n")
            return
        stopping = True
        raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except Stopped as stopped:
        sys.stderr.write(f"stopped by {stopped}; {state()}\n")
        sys.stderr.flush()
        sys.exit(128 + stopped.number)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
