"""An index that a benchmark makes by the command line, as a user would, and removes again."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opensearchpy import OpenSearch

from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load


@dataclass(frozen=True)
class Indexing:
    """A rebuild as a process: its report, seconds from start to end, and its peak memory."""

    report: dict[str, Any]
    seconds: float
    peak_mib: float

    def figures(self) -> dict[str, Any]:
        """What is worth telling; items/s are of the fill, and of the process from start to end."""
        return {
            "rows": self.report["rows"],
            "items": self.report["count"],
            "rejects": self.report["rejects"],
            "seconds": round(self.seconds, 1),
            "items_per_s": round(self.report["count"] / self.seconds, 1),
            "fill_items_per_s": round(self.report["items_per_s"], 1),
            "peak_mib": round(self.peak_mib),
        }


def rebuild(catalogue: Path, options: Sequence[str] = ()) -> Indexing:
    """`live-intent index rebuild CATALOGUE` with this environment. Ends when it fails."""
    command = [sys.executable, "-m", "live_intent.main", "index", "rebuild", str(catalogue)]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, *options, "--quiet", "--json"], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        told = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"indexing {catalogue} ended with status {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    peak_mib = usage.ru_maxrss * unit / 2**20
    return Indexing(json.loads(told), time.perf_counter() - started, peak_mib)


def remove(client: OpenSearch, names: IndexNames) -> None:
    """Delete every index below the prefix of a benchmark, and the bundles."""
    if not names.prefix.startswith("bench-") and "-bench-" not in names.prefix:
        raise ValueError(f"the prefix {names.prefix!r} is no benchmark's: nothing is deleted")
    bundles = load(ClusterSettings).bundles_dir
    for index in client.indices.get(index=f"{names.prefix}*", ignore=[404]):
        client.indices.delete(index=index, ignore=[404])
        shutil.rmtree(bundles / index, ignore_errors=True)
