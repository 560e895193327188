"""Locks of items: of two changes of one item at once the second waits for the first.

A change reads the item and writes it with its version, which the engine can't make depend on what
was read: of two at once the later one would undo the earlier.
"""

import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from plugin_config.file_lock import locked_file

LOCKS = 256  # each of some items


class ItemLocks:
    """Of one service. Safe to use from many threads, and from all processes that share a folder."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` None: this process is the only one."""
        self._folder = folder
        self._of_threads = tuple(threading.Lock() for _ in range(LOCKS))

    @contextmanager
    def alone(self, item_ids: Sequence[str]) -> Iterator[None]:
        """Let nobody else change these items meanwhile."""
        numbers = {zlib.crc32(item_id.encode()) % LOCKS for item_id in item_ids}
        with ExitStack() as stack:
            for number in sorted(numbers):  # in one order everywhere: no two wait for each other
                stack.enter_context(self._lock(number))
            yield

    def _lock(self, number: int) -> AbstractContextManager[object]:
        if self._folder is None:
            return self._of_threads[number]
        return locked_file(self._folder / f"items-{number}.lock")
