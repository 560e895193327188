"""The cursor of a page: there and back, and refused where it does not belong."""

import pytest

from query_service.cursor import Cursor, CursorExpired, CursorInvalid, request_digest
from query_service.schemas.search import RecommendRequest, SearchRequest
from query_service.user.visitor import Event, Visitor

ASKED = {"query": "desk", "session_id": "s", "filters": {"brand": "Ikea"}}


def cursor_for(request) -> Cursor:
    return Cursor(request_digest(request), "items-1", 1_790_000_000.123456, 1, 0, 10)


def test_a_cursor_is_read_as_it_was_written():
    cursor = cursor_for(SearchRequest(**ASKED))
    assert Cursor.decode(cursor.encode()) == cursor


@pytest.mark.parametrize("text", ["", "x", "%%", "bm90IGpzb24", "W10", "WzEsMiwzLDQsNSwtMV0", "é"])
def test_a_text_that_is_no_cursor_is_refused(text):
    with pytest.raises(CursorInvalid, match="not one that this service gave"):
        Cursor.decode(text)


def test_size_explain_and_deadline_may_change_and_nothing_else():
    request = SearchRequest(**ASKED)
    cursor = cursor_for(request)
    cursor.check(SearchRequest(**ASKED, size=3, explain=True, deadline_ms=9), "items-1")
    others = [
        SearchRequest(**ASKED | {"query": "desks"}),
        SearchRequest(**ASKED | {"filters": None}),
        SearchRequest(**ASKED | {"session_id": "t"}),
        SearchRequest(**ASKED, personalize=False),
        RecommendRequest(session_id="s"),
    ]
    for other in others:
        with pytest.raises(CursorInvalid, match="belongs to another request"):
            cursor.check(other, "items-1")


def test_a_cursor_expires_with_its_index_and_with_what_is_kept_of_the_visitor():
    request = SearchRequest(**ASKED)
    with pytest.raises(CursorExpired, match="items-1, and items-2 answers now"):
        cursor_for(request).check(request, "items-2")
    cursor_for(request).check_visitor(Visitor("s", "", (Event("click", "a", 1.0, "s"),)))
    with pytest.raises(CursorExpired, match="first page again"):
        cursor_for(request).check_visitor(Visitor("s"))
