"""A disk of this machine that is full: a rebuild goes on when there is room again."""

import errno
import sqlite3

from plugin_config.errors import LiveIntentError

_FULL = (errno.ENOSPC, errno.EDQUOT)


class DiskFull(LiveIntentError):
    """A file could not be written, as the disk or a quota is full."""

    @classmethod
    def of(cls, error: OSError) -> "DiskFull":
        """The error with the file's name, and how to go on."""
        return cls(
            f"{error.filename or 'a file'} can't be written ({error.strerror}). Make room on that "
            "disk of this machine, and run the rebuild again"
        )


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or what it came from, says that a disk or a quota is full."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        if isinstance(error, sqlite3.Error) and error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            return True
        error = error.__cause__
    return False
