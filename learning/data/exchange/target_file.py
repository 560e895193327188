"""Writes a file whole or not at all."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from learning.data.tables import DatasetError


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """Writes beside the file and renames; what was there stays until then.

    A target that is no file (/dev/stdout) is written to. Raises DatasetError.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8") as file:
                file.writelines(lines)
            return
        target = path.resolve()
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name[:50]}-", dir=target.parent)
        try:
            with open(handle, "w", encoding="utf-8") as file:
                file.writelines(lines)
            os.chmod(temporary, mode)
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise DatasetError(
            f"{path} can't be written: {reason}. Name a file in a folder that exists"
        ) from error
    except UnicodeEncodeError as error:
        found = error.object[error.start]
        raise DatasetError(
            f"{path} is not written: a text has {found!a}, half a character, which UTF-8 can't "
            "say. Correct it in the source"
        ) from error


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
