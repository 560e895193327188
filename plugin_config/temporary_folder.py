"""Temporary folders that do not outlive the processes that made them, however those end.

A process that is killed leaves its folder. The next one that makes a folder of the same purpose
removes it: the lock of a folder is held as long as a process lives that has made or inherited it.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "live-intent-"
MARK = "made-by-live-intent"  # a file in each folder, made once its lock is held


@contextmanager
def temporary_folder(purpose: str) -> Iterator[Path]:
    """Yield a new folder, which goes at the end; remove those of processes that were killed.

    A process that is forked in the block keeps the folder from removal by others.
    """
    _remove_abandoned(purpose)
    maker, folder = os.getpid(), Path(tempfile.mkdtemp(prefix=f"{PREFIX}{purpose}-"))
    handle = hold(folder)
    try:
        yield folder
    finally:
        if os.getpid() == maker:  # a forked process leaves through here, too
            shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def hold(folder: Path) -> int:
    """Keep others from removing the folder until the handle that this returns is closed."""
    handle = os.open(folder, os.O_RDONLY)
    with suppress(OSError):  # a file system without locks: the folder is never taken for left
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (folder / MARK).touch()
    return handle


def _remove_abandoned(purpose: str) -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}{purpose}-*"):
        with suppress(OSError):  # it is locked, or another user's, or gone
            _remove_if_free(folder)


def _remove_if_free(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(handle).st_uid != os.geteuid():
            return
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if (folder / MARK).is_file():
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)
