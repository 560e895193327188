"""The cursors of lists that front ends page through: they ask for page 3, and know no cursors.

Kept in memory, by process: another one answers a page without them, from what counts then.
"""

import threading
from collections import OrderedDict

from query_service.cursor import Cursor, CursorInvalid, request_digest
from query_service.schemas.where import WhereBrowse, WhereSearch

Request = WhereSearch | WhereBrowse
LISTS = 2000  # of visitors, the last ones
PAGES = 20  # of a list


class FrozenPages:
    """Safe to use from many threads."""

    def __init__(self) -> None:
        self._lists: OrderedDict[str, dict[int, str]] = OrderedDict()
        self._lock = threading.Lock()

    def continued(self, request: Request) -> Request | None:
        """The request as a page of the list that its first page has frozen; None: not known."""
        if not request.from_ or not request.personalize:
            return None
        with self._lock:
            known = dict(self._lists.get(request_digest(request), {}))
        if not known:
            return None
        cursor = known.get(request.from_) or _moved(known[min(known)], request)
        return request.model_copy(update={"cursor": cursor, "from_": 0}) if cursor else None

    def keep(self, request: Request, cursor: str | None) -> None:
        """Keep the cursor of the page that follows; a first page begins the list again."""
        if cursor is None or not request.personalize:
            return
        with self._lock:
            digest = request_digest(request)
            is_first = not request.from_ and request.cursor is None
            pages = {} if is_first else self._lists.get(digest, {})
            if len(pages) < PAGES:
                pages[Cursor.decode(cursor).offset] = cursor
            self._lists[digest] = pages
            self._lists.move_to_end(digest)
            while len(self._lists) > LISTS:
                self._lists.popitem(last=False)


def _moved(text: str, request: Request) -> str | None:
    """The cursor at the request's place, where that lies within the frozen candidates."""
    try:
        cursor = Cursor.decode(text)
    except CursorInvalid:
        return None
    if request.from_ + request.size > len(cursor.frozen.ids):
        return None
    return cursor.model_copy(update={"offset": request.from_}).encode()
