"""A file that is read several times, while others may write to it or put another in its place."""

import os
from pathlib import Path
from typing import IO

_DESCRIPTORS = Path("/proc/self/fd")  # of Linux; elsewhere a file is opened again by its name


class OpenedFile:
    """A regular file, kept open. `path` leads to it also after it was renamed or deleted."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        pinned = _DESCRIPTORS / str(file.fileno())
        self.path = pinned if pinned.exists() else path
        self._state = self._read_state()

    @property
    def is_changed(self) -> bool:
        """Whether it was written to since; without a `path` of its own, also replaced or gone."""
        try:
            return self._read_state() != self._state
        except FileNotFoundError:
            return True

    def _read_state(self) -> tuple[int, int, int]:
        status = os.stat(self.path)
        return status.st_ino, status.st_size, status.st_mtime_ns
