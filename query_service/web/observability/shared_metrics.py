"""The folder through which several worker processes share their metrics."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def shared_metrics(processes: int) -> Iterator[None]:
    """Set up a temporary folder for the metrics of several processes; none for a single one.

    Before prometheus_client is imported: it looks for the folder then.
    """
    if processes == 1:
        yield
        return
    parent, folder = os.getpid(), tempfile.mkdtemp(prefix="live-intent-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    try:
        yield
    finally:
        if os.getpid() == parent:  # a forked process leaves through here, too
            shutil.rmtree(folder, ignore_errors=True)
