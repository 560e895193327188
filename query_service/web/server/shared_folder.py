"""The folder through which the worker processes of one service share what is not in OpenSearch.

prometheus_client maps its files into memory: a process that writes where the disk has no room for
a page of them is killed. So the files of each slot have their room from the start, and a process
takes over those of the one that had its slot before.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from plugin_config.errors import SettingsError
from plugin_config.temporary_folder import hold, temporary_folder

logger = logging.getLogger(__name__)
METRICS = "metrics"
MULTIPROCESS = ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir")  # what may name its folder
WHOLE = "whole"  # a file that goes with the others
# Bytes of prometheus_client's files of a process, by their names there: what all routes take.
ROOM = {"histogram": 1 << 20, "counter": 1 << 18, "gauge_livesum": 1 << 16}
RENEWED = 2  # slots for each process: while it is renewed there are two of it


@contextmanager
def shared_folder(processes: int) -> Iterator[Path | None]:
    """Yield a temporary folder that several processes share; None for a single one.

    Before prometheus_client is imported: it looks for its part of the folder then. Raises
    SettingsError.
    """
    if processes == 1:
        for variable in MULTIPROCESS:  # of another program, which is none of this service's
            os.environ.pop(variable, None)
        yield None
        return
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(temporary_folder("processes"))
            _fill(folder, processes)
        except OSError as error:
            raise SettingsError(
                f"the processes can share no temporary folder ({error}): let TMPDIR name one with "
                "room, or set LIVE_INTENT_PROCESSES=1, which needs none"
            ) from None
        os.environ[MULTIPROCESS[0]] = str(folder / METRICS)
        yield folder


def renew(folder: Path, processes: int) -> bool:
    """Make the folder again if somebody has removed it or its files, as programs that tidy /tmp do.

    True: it is made, and processes that had opened its files still have those that are gone: they
    count and keep pages apart from new ones, and /metrics lacks them. Raises OSError.
    """
    if (folder / METRICS).is_dir() and (folder / WHOLE).is_file():
        return False
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} is another user's")
    _fill(folder, processes)
    hold(folder)  # as long as a process lives
    logger.warning(
        "%s was removed, and is made again, and so are the processes: keep it out of what tidies "
        "%s",
        folder,
        folder.parent,
    )
    return True


def use_slot(slot: int) -> None:
    """In a process, before it has any metrics: count in the files of its slot."""
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]


def free_slot(folder: Path, slot: int) -> None:
    """Forget the gauges of a process that has ended; what it counted stays."""
    with suppress(OSError):
        _make_room(folder, "gauge_livesum", slot)


def _fill(folder: Path, processes: int) -> None:
    (folder / METRICS).mkdir(exist_ok=True)
    for slot in range(processes * RENEWED):
        for name in ROOM:
            _make_room(folder, name, slot)
    (folder / WHOLE).touch()


def _make_room(folder: Path, name: str, slot: int) -> None:
    """Write zeros, which is no metrics, over the same file: processes that map it keep it."""
    file = folder / METRICS / f"{name}_{slot}.db"
    with file.open("r+b" if file.exists() else "wb") as out:
        out.write(bytes(ROOM[name]))
