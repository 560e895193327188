"""The counts of one service's processes, in a file that they share."""

import sqlite3
import time
from pathlib import Path

from limits.storage import MemoryStorage

from query_service.process_database import ProcessDatabase

SWEEP_S = 30.0
# Of several processes one may be killed while it writes: the log keeps the file whole.
_TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, count INTEGER, until REAL) WITHOUT ROWID;
"""
_ADD = """
INSERT INTO counts VALUES (:name, :amount, :until) ON CONFLICT (name) DO UPDATE SET
    count = CASE WHEN until <= :now THEN :amount ELSE count + :amount END,
    until = CASE WHEN until <= :now THEN :until ELSE until END
"""


class SharedCounts(MemoryStorage):
    """Counts in a file. The library's storage in memory with other places for its numbers."""

    # Not `memory`, which stays the library's own.
    STORAGE_SCHEME = ["counts-of-one-service"]  # noqa: RUF012

    def __init__(self, file: Path) -> None:
        """Raises SettingsError."""
        super().__init__(wrap_exceptions=True)
        self._database = ProcessDatabase(file, _TABLES)
        self._sweep_at = time.time() + SWEEP_S

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """What a file that can't be used raises."""
        return sqlite3.Error

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """The count of the key, with `amount` more; it expires after `expiry` seconds."""
        now = time.time()
        row = {"name": key, "amount": amount, "now": now, "until": now + expiry}
        with self._database.transaction() as counts:
            if now >= self._sweep_at:
                self._sweep_at = now + SWEEP_S
                counts.execute("DELETE FROM counts WHERE until <= ?", (now,))
            counts.execute(_ADD, row)
            [count] = counts.execute("SELECT count FROM counts WHERE name = ?", (key,)).fetchone()
        return int(count)

    def decr(self, key: str, amount: int = 1) -> int:
        """The count of the key, with `amount` less, at least 0."""
        with self._database.transaction() as counts:
            counts.execute(
                "UPDATE counts SET count = max(count - ?, 0) WHERE name = ?", (amount, key)
            )
        return self.get(key)

    def get(self, key: str) -> int:
        """The count of the key; 0 where there is none, or one that has expired."""
        return int(self._row(key)[0])

    def get_expiry(self, key: str) -> float:
        """When the count of the key expires: seconds since 1970, now where there is none."""
        return float(self._row(key)[1])

    def clear(self, key: str) -> None:
        """Forget the count of the key."""
        with self._database.transaction() as counts:
            counts.execute("DELETE FROM counts WHERE name = ?", (key,))

    def reset(self) -> int:
        """Forget all; how many there were."""
        with self._database.transaction() as counts:
            return counts.execute("DELETE FROM counts").rowcount

    def _row(self, key: str) -> tuple[int, float]:
        now = time.time()
        query = "SELECT count, until FROM counts WHERE name = ? AND until > ?"
        with self._database.transaction("BEGIN") as counts:
            found: tuple[int, float] | None = counts.execute(query, (key, now)).fetchone()
        return found or (0, now)
