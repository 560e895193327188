"""CPU and memory of a process, from /proc (Linux)."""

import os
from pathlib import Path

TICKS_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far; 0 once it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_S


def resident_mib(pid: int) -> int | None:
    """Resident memory in MiB, mapped files too; None once it has ended."""
    kib = _kib(pid, "status", "VmRSS")
    return None if kib is None else kib >> 10


def proportional_mib(pid: int) -> float:
    """Proportional set size in MiB: of a page that n processes share 1/n; 0 once it has ended."""
    return (_kib(pid, "smaps_rollup", "Pss") or 0) / 1024


def _kib(pid: int, file: str, name: str) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    values = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return next(map(int, values), None)
