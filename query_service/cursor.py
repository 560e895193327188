"""A cursor: what the pages of an answer share, frozen by the first one, and where the next begins.

It is whole: any process continues from it, whatever the visitor does, the shop writes or a rebuild
swaps meanwhile. Nothing in it is trusted: it names public items, and a point in time of an items
index, which the answer checks.
"""

import base64
import binascii
import hashlib
import json
import time
import zlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from plugin_config.errors import LiveIntentError
from query_service.schemas.search.requests import RecommendRequest, SearchRequest

_OF_A_PAGE = frozenset(
    {"cursor", "deadline_ms", "explain", "facets", "fields", "from_", "highlight", "size"}
)
MAX_BYTES = 4 * 1024 * 1024  # of a cursor, unpacked
_ItemId = Annotated[str, Field(max_length=1024)]
_Ids = Annotated[tuple[_ItemId, ...], Field(max_length=30_000)]
_Count = Annotated[int, Field(ge=0, lt=2**53)]


class CursorInvalid(LiveIntentError):
    """The text is no cursor, or belongs to another request."""

    @classmethod
    def foreign(cls) -> "CursorInvalid":
        """Of a text that is none, or was changed."""
        return cls("the cursor is not one that this service gave")


class CursorExpired(LiveIntentError):
    """The answer that the cursor continues can't be continued any more."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FrozenList(_Frozen):
    """The ranked candidates of a first page, best first; none where all matches are sorted.

    `keys`: what makes each a hit of its own, its id or its group. `by_meaning`: ids without words.
    `acted_on`: items that a recommendation leaves out. `teams`: whose pick each is, interleaved.
    """

    ids: _Ids = ()
    keys: _Ids = ()
    scores: Annotated[tuple[float, ...], Field(max_length=30_000)] = ()
    by_meaning: Annotated[frozenset[_ItemId], Field(max_length=30_000)] = frozenset()
    acted_on: _Ids = ()
    total: _Count = 0
    relation: Literal["eq", "gte"] = "eq"
    total_by_meaning: _Count = 0
    personalized: bool = False
    degraded: Annotated[dict[str, str], Field(max_length=20)] = {}
    teams: Annotated[str, Field(max_length=30_000, pattern="^[ab-]*$")] = ""


class OffsetBelow(_Frozen):
    """How far the matches below the candidates were shown.

    `shown`: keys of those on the first page, before the point in time `pit` was opened; `skip` and
    `after` (sort values) count from there on.
    """

    shown: Annotated[tuple[_ItemId, ...], Field(max_length=100)] = ()
    skip: _Count = 0
    after: Annotated[tuple[int | float | str | None, ...], Field(max_length=2)] = ()
    pit: Annotated[str, Field(max_length=20_000)] = ""


class Cursor(_Frozen):
    """`as_of`, of the first page, and `issued` in seconds since 1970; `rules`: their version.

    `experiment` and `variant`: that the first page was part of; "": none.
    """

    request: str  # `request_digest` of the pages' request
    as_of: Annotated[float, Field(ge=0, le=1e11)]
    issued: Annotated[float, Field(ge=0, le=1e11)]
    offset: _Count  # hits before the next page
    rules: _Count = 0
    experiment: Annotated[str, Field(max_length=64)] = ""
    variant: Annotated[str, Field(max_length=16)] = ""
    frozen: FrozenList = Field(default_factory=FrozenList)
    below: OffsetBelow = Field(default_factory=OffsetBelow)

    def encode(self) -> str:
        """The cursor as a text for clients."""
        packed = zlib.compress(self.model_dump_json(exclude_defaults=True).encode(), 6)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """The inverse of `encode`. Raises CursorInvalid."""
        try:
            packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            unpacking = zlib.decompressobj()
            raw = unpacking.decompress(packed, MAX_BYTES)
            cursor = cls.model_validate_json(raw if unpacking.eof else b"")
        except (binascii.Error, zlib.error, ValidationError, ValueError) as error:
            raise CursorInvalid.foreign() from error
        frozen = cursor.frozen
        lengths = {len(frozen.ids), len(set(frozen.ids)), len(frozen.keys), len(frozen.scores)}
        if len(lengths) > 1 or len(frozen.teams) not in (0, len(frozen.ids)):
            raise CursorInvalid.foreign()
        return cursor

    def check(self, request: SearchRequest | RecommendRequest, lifetime_s: float) -> None:
        """Raise CursorInvalid for another request, CursorExpired for one that is too old."""
        if self.request != request_digest(request):
            raise CursorInvalid(
                "the cursor belongs to another request: only size, fields, facets, highlight, "
                "explain and deadline_ms may change from page to page"
            )
        if time.time() - self.issued > lifetime_s:
            raise CursorExpired(
                f"the cursor has expired: its page was asked for more than {lifetime_s:g} seconds "
                "ago (LIVE_INTENT_CURSOR_LIFETIME_S). Ask for the first page again"
            )


def request_digest(request: SearchRequest | RecommendRequest) -> str:
    """16 hex digits, equal for requests that differ only in what may change from page to page."""
    fields = request.model_dump(mode="json", exclude=set(_OF_A_PAGE))
    text = json.dumps([type(request).__name__, fields], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
