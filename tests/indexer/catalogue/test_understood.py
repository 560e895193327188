"""The lists in docs/catalogues.md."""

from pathlib import Path

from indexer.catalogue.understood import markdown, with_lists

PAGE = Path(__file__).parents[3] / "docs" / "catalogues.md"


def test_the_page_agrees_with_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_lists(page, markdown()), "run scripts/understood"
