"""The folder through which the worker processes of one service share what is not in OpenSearch."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plugin_config.temporary_folder import temporary_folder


@contextmanager
def shared_folder(processes: int) -> Iterator[Path | None]:
    """Yield a temporary folder that several processes share; None for a single one.

    Before prometheus_client is imported: it looks for its part of the folder then.
    """
    if processes == 1:
        yield None
        return
    with temporary_folder("processes") as folder:
        metrics = folder / "metrics"
        metrics.mkdir()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
        yield folder
