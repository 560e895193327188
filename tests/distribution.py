"""In which order test files start, and which stay on one process of a run by several.

Files differ from milliseconds to minutes. What starts last ends last, so the long ones start first.
"""

from collections import Counter
from collections.abc import Iterable

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadfile import LoadFileScheduling

# Folders whose tests share a node with the plugin, or compiled Java: long, so they start first.
TOGETHER = ("tests/integration/engine_plugin/", "tests/engine_plugin/")
LONG_S = 60.0
FIRST = (*TOGETHER, "tests/integration/", "tests/learning/", "tests/benchmarks/")


def start_rank(nodeid: str) -> int:
    """The rank of a test's folder among those that start first; the others come after them."""
    ranks = (rank for rank, folder in enumerate(FIRST) if nodeid.startswith(folder))
    return next(ranks, len(FIRST))


def together(nodeid: str) -> str:
    """The file, or the folder of TOGETHER, whose tests one process runs."""
    folder = next((folder for folder in TOGETHER if nodeid.startswith(folder)), None)
    return folder or nodeid.split("::", 1)[0]


def long_files(reports: Iterable[pytest.TestReport]) -> list[str]:
    """A line for each file or folder whose tests took over a minute together, the longest first."""
    seconds: Counter[str] = Counter()
    for report in reports:
        seconds[together(report.nodeid)] += report.duration
    return [f"{took:4.0f} s {file}" for file, took in seconds.most_common() if took > LONG_S]


class FolderScheduling(LoadFileScheduling):
    """As `--dist loadfile`, in the order of collection; a folder of TOGETHER is as one file."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # else the files with most tests are first

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)
