"""A cursor: where the next page begins, and the moment as of which the visitor's behaviour counts.

Each page is computed again: the candidates, the user vector and hence the order are the same as
long as the visitor's behaviour and the index are. A cursor makes the first true: events and queries
after its moment are left out.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import asdict, dataclass

from plugin_config.errors import LiveIntentError
from query_service.schemas.search import RecommendRequest, SearchRequest
from query_service.user.visitor import Visitor

_OF_A_PAGE = frozenset(
    {"cursor", "deadline_ms", "explain", "facets", "fields", "from_", "highlight", "size"}
)


class CursorInvalid(LiveIntentError):
    """The text is no cursor, or belongs to another request."""


class CursorExpired(LiveIntentError):
    """The answer that the cursor continues can no longer be computed again."""


@dataclass(frozen=True)
class Cursor:
    """`as_of` in seconds since 1970; `events` and `queries` that counted then."""

    request: str  # `request_digest` of the pages' request
    index: str
    as_of: float
    events: int
    queries: int
    offset: int  # hits before the next page
    rules: int = 0  # version of the rules

    def encode(self) -> str:
        """The cursor as a text for clients."""
        text = json.dumps(list(asdict(self).values()), separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """The inverse of `encode`. Raises CursorInvalid."""
        try:
            values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            request, index, as_of, events, queries, offset, rules = values
            cursor = cls(str(request), str(index), float(as_of), events, queries, offset, rules)
        except (binascii.Error, ValueError, TypeError) as error:
            raise CursorInvalid("the cursor is not one that this service gave") from error
        if not all(type(n) is int and n >= 0 for n in (events, queries, offset, rules)):
            raise CursorInvalid("the cursor is not one that this service gave")
        return cursor

    def check(self, request: SearchRequest | RecommendRequest, index: str) -> None:
        """Raise CursorInvalid for another request, CursorExpired for another index."""
        if self.request != request_digest(request):
            raise CursorInvalid(
                "the cursor belongs to another request: only size, fields, facets, highlight, "
                "explain and deadline_ms may change from page to page"
            )
        if self.index != index:
            raise CursorExpired(
                f"the cursor has expired: it pages through {self.index}, and {index} answers now. "
                "Ask for the first page again"
            )

    def check_visitor(self, visitor: Visitor) -> None:
        """Raise CursorExpired when less is kept of the visitor than counted on the first page."""
        if (len(visitor.events), len(visitor.queries)) != (self.events, self.queries):
            raise CursorExpired(
                "the cursor has expired: the visitor has done so much since that not all is kept "
                "that counted on the first page. Ask for the first page again"
            )


def request_digest(request: SearchRequest | RecommendRequest) -> str:
    """16 hex digits, equal for requests that differ only in what may change from page to page."""
    fields = request.model_dump(mode="json", exclude=set(_OF_A_PAGE))
    text = json.dumps([type(request).__name__, fields], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
