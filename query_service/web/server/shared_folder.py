"""The folder through which the worker processes of one service share what is not in OpenSearch."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plugin_config.temporary_folder import hold, temporary_folder

logger = logging.getLogger(__name__)
METRICS = "metrics"
WHOLE = "whole"  # a file that goes with the others


@contextmanager
def shared_folder(processes: int) -> Iterator[Path | None]:
    """Yield a temporary folder that several processes share; None for a single one.

    Before prometheus_client is imported: it looks for its part of the folder then.
    """
    if processes == 1:
        yield None
        return
    with temporary_folder("processes") as folder:
        _fill(folder)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder / METRICS)
        yield folder


def renew(folder: Path) -> bool:
    """Make the folder again if somebody has removed it or its files, as programs that tidy /tmp do.

    True: it is made, and processes that had opened its files still have those that are gone: they
    count and keep pages apart from new ones, and /metrics lacks them. Raises OSError.
    """
    if (folder / METRICS).is_dir() and (folder / WHOLE).is_file():
        return False
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} is another user's")
    _fill(folder)
    hold(folder)  # as long as a process lives
    logger.warning(
        "%s was removed, and is made again, and so are the processes: keep it out of what tidies "
        "%s",
        folder,
        folder.parent,
    )
    return True


def _fill(folder: Path) -> None:
    (folder / METRICS).mkdir(exist_ok=True)
    (folder / WHOLE).touch()
