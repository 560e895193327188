"""Cursors of the lists that front ends page through, in one process and in several."""

import sqlite3
from pathlib import Path

import pytest

from query_service import process_database
from query_service.cursor import Cursor, FrozenList, request_digest
from query_service.instantsearch import frozen_pages
from query_service.instantsearch.frozen_pages import FrozenPages
from query_service.schemas.search.where import WhereSearch


def page(number: int, query: str = "lamp", session: str = "s") -> WhereSearch:
    return WhereSearch.model_validate(
        {"query": query, "session_id": session, "from": 2 * number, "size": 2}
    )


def cursor(request: WhereSearch, offset: int) -> str:
    ids = tuple(f"lamp-{number}" for number in range(6))
    frozen = FrozenList(ids=ids, keys=ids, scores=(1.0,) * 6, total=6)
    return Cursor(
        request=request_digest(request), as_of=1.0, issued=1.0, offset=offset, frozen=frozen
    ).encode()


def offset_of(pages: FrozenPages, request: WhereSearch) -> int | None:
    continued = pages.continued(request)
    return None if continued is None else Cursor.decode(str(continued.cursor)).offset


@pytest.mark.parametrize("shared", [False, True])
def test_a_page_goes_on_with_the_list_of_the_first_one(tmp_path: Path, shared: bool) -> None:
    file = tmp_path / "pages.sqlite" if shared else None
    first = FrozenPages(file)
    other = FrozenPages(file) if shared else first  # of another process
    first.keep(page(0), cursor(page(0), 2))
    assert offset_of(other, page(1)) == 2
    assert offset_of(other, page(2)) == 4  # a jump, within the frozen list
    assert offset_of(other, page(1, "chair")) is None
    assert offset_of(other, page(1, session="t")) is None
    other.keep(page(0), None)  # nothing follows: the list stays as it was
    assert offset_of(first, page(1)) == 2


def test_the_first_page_begins_the_list_again_and_the_latest_lists_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen_pages, "LISTS", 2)
    pages = FrozenPages(tmp_path / "pages.sqlite")
    for name in ("a", "b", "a", "c"):
        pages.keep(page(0, name), cursor(page(0, name), 2))
    assert [offset_of(pages, page(1, name)) for name in "abc"] == [2, None, 2]
    pages.keep(page(0, "a"), cursor(page(0, "a"), 4))
    assert offset_of(pages, page(2, "a")) == 4


def test_a_database_that_cannot_be_written_costs_the_frozen_list_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(process_database, "WAIT_S", 0.05)
    pages = FrozenPages(tmp_path / "pages.sqlite")
    with sqlite3.connect(tmp_path / "pages.sqlite") as other:
        other.execute("BEGIN EXCLUSIVE")
        pages.keep(page(0), cursor(page(0), 2))
        assert offset_of(pages, page(1)) is None
    assert "database is locked" in caplog.text
    pages.keep(page(0), cursor(page(0), 2))
    assert offset_of(pages, page(1)) == 2
