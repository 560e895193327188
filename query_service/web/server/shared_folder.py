"""The folder through which the worker processes of one service share what is not in OpenSearch."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def shared_folder(processes: int) -> Iterator[Path | None]:
    """Yield a temporary folder that several processes share; None for a single one.

    Before prometheus_client is imported: it looks for its part of the folder then.
    """
    if processes == 1:
        yield None
        return
    parent, folder = os.getpid(), Path(tempfile.mkdtemp(prefix="live-intent-processes-"))
    metrics = folder / "metrics"
    metrics.mkdir()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
    try:
        yield folder
    finally:
        if os.getpid() == parent:  # a forked process leaves through here, too
            shutil.rmtree(folder, ignore_errors=True)
