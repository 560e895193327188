"""The cursors of lists that front ends page through: they ask for page 3, and know no cursors.

Kept in a database of the service's own: in memory, or in a file that its processes share. Another
service answers a page without them, from what counts then.
"""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from query_service.cursor import Cursor, CursorInvalid, request_digest
from query_service.process_database import ProcessDatabase
from query_service.schemas.search.where import WhereBrowse, WhereSearch

logger = logging.getLogger(__name__)
Request = WhereSearch | WhereBrowse
LISTS = 2000  # of visitors, the last ones
PAGES = 20  # of a list
_TABLES = """
CREATE TABLE IF NOT EXISTS lists (number INTEGER PRIMARY KEY AUTOINCREMENT, list TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS pages (
    list TEXT, place INTEGER, cursor TEXT, PRIMARY KEY (list, place)
) WITHOUT ROWID;
"""


class FrozenPages:
    """Safe to use from many threads, and from all processes that share a file."""

    def __init__(self, file: Path | None = None) -> None:
        """`file` None: in memory."""
        self._database = ProcessDatabase(file, _TABLES)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def continued(self, request: Request) -> Request | None:
        """The request as a page of the list that its first page has frozen; None: not known."""
        if not request.from_ or not request.personalize:
            return None
        known: dict[int, str] = {}
        with _failures_logged(), self._database.transaction("BEGIN") as rows:
            query = "SELECT place, cursor FROM pages WHERE list = ?"
            known = dict(rows.execute(query, (request_digest(request),)))
        if not known:
            return None
        cursor = known.get(request.from_) or _moved(known[min(known)], request)
        return request.model_copy(update={"cursor": cursor, "from_": 0}) if cursor else None

    def keep(self, request: Request, cursor: str | None) -> None:
        """Keep the cursor of the page that follows; a first page begins the list again."""
        if cursor is None or not request.personalize:
            return
        digest, place = request_digest(request), Cursor.decode(cursor).offset
        is_first = not request.from_ and request.cursor is None
        with _failures_logged(), self._database.transaction() as rows:
            execute = rows.execute
            if is_first:
                execute("DELETE FROM pages WHERE list = ?", (digest,))
            [count] = execute("SELECT count(*) FROM pages WHERE list = ?", (digest,)).fetchone()
            if count < PAGES:
                execute("INSERT OR REPLACE INTO pages VALUES (?, ?, ?)", (digest, place, cursor))
            execute("INSERT OR REPLACE INTO lists (list) VALUES (?)", (digest,))
            earlier = "SELECT list FROM lists ORDER BY number DESC LIMIT -1 OFFSET ?"
            for of_list in execute(earlier, (LISTS,)).fetchall():
                execute("DELETE FROM pages WHERE list = ?", of_list)
                execute("DELETE FROM lists WHERE list = ?", of_list)


@contextmanager
def _failures_logged() -> Iterator[None]:
    """What the database refuses is a line in the log: a page is answered without it."""
    try:
        yield
    except sqlite3.Error as error:
        logger.warning("pages of front ends are not kept: %s", error)


def _moved(text: str, request: Request) -> str | None:
    """The cursor at the request's place, where that lies within the frozen candidates."""
    try:
        cursor = Cursor.decode(text)
    except CursorInvalid:
        return None
    if request.from_ + request.size > len(cursor.frozen.ids):
        return None
    return cursor.model_copy(update={"offset": request.from_}).encode()
