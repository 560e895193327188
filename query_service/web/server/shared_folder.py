"""The folder through which the worker processes of one service share what is not in OpenSearch."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plugin_config.temporary_folder import temporary_folder

logger = logging.getLogger(__name__)
METRICS = "metrics"


@contextmanager
def shared_folder(processes: int) -> Iterator[Path | None]:
    """Yield a temporary folder that several processes share; None for a single one.

    Before prometheus_client is imported: it looks for its part of the folder then.
    """
    if processes == 1:
        yield None
        return
    with temporary_folder("processes") as folder:
        metrics = folder / METRICS
        metrics.mkdir()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
        yield folder


def renew(folder: Path) -> None:
    """Make the folder again if somebody has removed it, as programs that tidy /tmp do.

    Without it no process can start, count or lock an item. Raises OSError.
    """
    if (folder / METRICS).is_dir():
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} is another user's")
    (folder / METRICS).mkdir()
    logger.warning("%s was removed, and is made again: keep it out of what tidies /tmp", folder)
