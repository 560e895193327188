"""Which queries are never suggested to others."""

import pytest

from indexer.suggestions.personal_text import is_personal


@pytest.mark.parametrize(
    "text",
    [
        "jane.doe@example.com", "orders of jane@shop", "jane＠example.com", "jane (at) example.com",
        "0170 123-4567", "4111 1111 1111 1111",
        "order 20261124", "+49 (0)30 1234567", "１２３４５６７",
    ],
)  # fmt: skip
def test_addresses_and_long_numbers_are_personal(text: str) -> None:
    assert is_personal(text)


@pytest.mark.parametrize(
    "text", ["iphone 15", "2x4x8 pine", "wd-40", "led 3000k 60w", "meet @ home", "手机 128"]
)
def test_other_queries_are_not(text: str) -> None:
    assert not is_personal(text)
