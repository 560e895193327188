"""The cursor of a page: there and back, and refused where it does not belong."""

import base64
import json
import time
import zlib

import pytest

from query_service.cursor import (
    Cursor,
    CursorExpired,
    CursorInvalid,
    FrozenList,
    OffsetBelow,
    request_digest,
)
from query_service.schemas.search.requests import RecommendRequest, SearchRequest

ASKED = {"query": "desk", "session_id": "s", "filters": {"brand": "Ikea"}}


def cursor_for(request, issued: float | None = None) -> Cursor:
    frozen = FrozenList(ids=("a", "b"), keys=("a", "b"), scores=(2.5, -1.25), by_meaning={"b"})
    offset = OffsetBelow(shown=("c",), skip=3, after=(1.5, "d", None)[:2], pit="pit")
    return Cursor(
        request=request_digest(request), as_of=1_790_000_000.123456,
        issued=time.time() if issued is None else issued, offset=10, frozen=frozen, below=offset,
    )  # fmt: skip


def packed(content: object) -> str:
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(content).encode())).decode()


def test_a_cursor_is_read_as_it_was_written():
    cursor = cursor_for(SearchRequest(**ASKED))
    assert Cursor.decode(cursor.encode()) == cursor


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "%%", "bm90IGpzb24", "W10", "é", packed([]), packed({"offset": 1}),
        packed({"request": "r", "as_of": 1, "issued": 1, "offset": -1}),
        packed({"request": "r", "as_of": 1, "issued": 1, "offset": 1, "index": "other"}),
        packed({"request": "r", "as_of": 1, "issued": 1, "offset": 1, "frozen": {"ids": ["a"]}}),
        base64.urlsafe_b64encode(zlib.compress(b" " * 50_000_000)).decode(),
        cursor_for(SearchRequest(**ASKED)).encode()[:-8],
    ],
    ids=range(13),
)  # fmt: skip
def test_a_text_that_is_no_cursor_is_refused(text):
    with pytest.raises(CursorInvalid, match="not one that this service gave"):
        Cursor.decode(text)


def test_size_explain_and_deadline_may_change_and_nothing_else():
    request = SearchRequest(**ASKED)
    cursor = cursor_for(request)
    cursor.check(SearchRequest(**ASKED, size=3, explain=True, deadline_ms=9, fields=[]), 60)
    others = [
        SearchRequest(**ASKED | {"query": "desks"}),
        SearchRequest(**ASKED | {"filters": None}),
        SearchRequest(**ASKED | {"session_id": "t"}),
        SearchRequest(**ASKED, personalize=False),
        SearchRequest(**ASKED, sort="price"),
        RecommendRequest(session_id="s"),
    ]
    for other in others:
        with pytest.raises(CursorInvalid, match="belongs to another request"):
            cursor.check(other, 60)


def test_a_cursor_expires():
    request = SearchRequest(**ASKED)
    with pytest.raises(CursorExpired, match=r"more than 60 seconds ago .* first page again"):
        cursor_for(request, issued=time.time() - 61).check(request, 60)
