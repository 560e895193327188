"""A disk of this machine that is full: a command goes on when there is room again."""

import errno
import os
import re
import sqlite3

from plugin_config.errors import LiveIntentError

_FULL = (errno.ENOSPC, errno.EDQUOT)
# How libraries in Rust (safetensors) end the text of an error of the operating system.
_IN_TEXT = re.compile(rf"\(os error ({'|'.join(map(str, _FULL))})\)")


class DiskFull(LiveIntentError):
    """A file could not be written, as the disk or a quota is full."""

    @classmethod
    def of(cls, error: BaseException) -> "DiskFull":
        """The error with the file's name, where it is known, and how to go on."""
        name = getattr(error, "filename", None) or "a file"
        reason = getattr(error, "strerror", None) or os.strerror(errno.ENOSPC)
        return cls(
            f"{name} can't be written ({reason}). Make room on that disk of this machine, and run "
            "the command again"
        )


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or what it came from, says that a disk or a quota is full."""
    while error is not None:
        if isinstance(error, OSError):
            full = error.errno in _FULL
        elif isinstance(error, sqlite3.Error):
            full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
        else:
            full = _IN_TEXT.search(str(error)) is not None
        if full:
            return True
        error = error.__cause__
    return False
