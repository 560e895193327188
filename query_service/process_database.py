"""A small database that the processes of one service share, and that ends with the service."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from plugin_config.errors import SettingsError
from plugin_config.file_lock import locked_file

WAIT_S = 1.0  # for another process that writes


class ProcessDatabase:
    """Safe to use from many threads, and from all processes that share its file."""

    def __init__(self, file: Path | None, tables: str) -> None:
        """`file` None: in memory, of this process. `tables`: statements that make what is missing.

        Raises SettingsError: the file can't be made.
        """
        self._lock = threading.Lock()
        # sqlite waits for no other process while the way a file is written changes.
        alone = locked_file(file.with_suffix(".lock")) if file else nullcontext()
        try:
            self._connection = sqlite3.connect(
                file or ":memory:", timeout=WAIT_S, isolation_level=None, check_same_thread=False
            )
            with alone:
                # Nothing in it need survive a crash of the machine.
                self._connection.executescript(f"PRAGMA synchronous = OFF;{tables}")
        except (sqlite3.Error, OSError) as error:
            raise SettingsError(
                f"{file} can't be made ({error}): let TMPDIR name a folder with room, or set "
                "LIVE_INTENT_PROCESSES=1, which needs none"
            ) from None

    @contextmanager
    def transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
        """One thread at a time; of processes, one that writes. Raises sqlite3.Error."""
        with self._lock, self._connection:
            self._connection.execute(begin)
            yield self._connection

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
