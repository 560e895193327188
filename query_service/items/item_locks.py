"""Locks of items: of two changes of one item at once the second waits for the first.

A change reads the item and writes it with its version, which the engine can't make depend on what
was read: of two at once the later one would undo the earlier. A process that hangs may hold a lock
permanently: nobody waits past the deadline of the request.
"""

import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from plugin_config.connection.engine_deadline import engine_time_left
from plugin_config.errors import ClusterUnavailable
from plugin_config.file_lock import locked_file

LOCKS = 256  # each of some items


class ItemsLocked(ClusterUnavailable):
    """Others were changing the items until the request's deadline."""

    plain = "Others are changing the same items."


class ItemLocks:
    """Of one service. Safe to use from many threads, and from all processes that share a folder."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` None: this process is the only one."""
        self._folder = folder
        self._of_threads = tuple(threading.Lock() for _ in range(LOCKS))

    @contextmanager
    def alone(self, item_ids: Sequence[str]) -> Iterator[None]:
        """Let nobody else change these items meanwhile. Raises ItemsLocked at ENGINE_DEADLINE."""
        numbers = {zlib.crc32(item_id.encode()) % LOCKS for item_id in item_ids}
        with ExitStack() as stack:
            try:
                for number in sorted(numbers):  # in one order everywhere: no two block each other
                    stack.enter_context(self._lock(number))
            except TimeoutError:
                raise ItemsLocked("others were changing the same items: try it again") from None
            except OSError as error:  # its folder was removed, which is made again within a second
                raise ItemsLocked(f"items can't be locked ({error}): try it again") from None
            yield

    def _lock(self, number: int) -> AbstractContextManager[object]:
        left_s = engine_time_left()
        timeout_s = None if left_s is None else max(left_s, 0.0)
        if self._folder is None:
            return _locked(self._of_threads[number], timeout_s)
        return locked_file(self._folder / f"items-{number}.lock", timeout_s)


@contextmanager
def _locked(lock: threading.Lock, timeout_s: float | None) -> Iterator[None]:
    if not lock.acquire(timeout=-1 if timeout_s is None else timeout_s):
        raise TimeoutError
    try:
        yield
    finally:
        lock.release()
