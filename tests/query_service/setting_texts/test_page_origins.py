"""Which origins of pages a setting can name."""

import pytest

from query_service.setting_texts.page_origins import page_origins


def test_origins_are_as_browsers_send_them() -> None:
    origins = {
        "https://shop.example", "http://localhost:3000", "http://[::1]:80", "capacitor://localhost"
    }  # fmt: skip
    assert page_origins(" , ".join(origins)) == origins
    assert page_origins("https://shop.example/,") == {"https://shop.example"}
    assert page_origins("") == frozenset()


@pytest.mark.parametrize(
    "name", ["*", "shop.example", "https://shop.example/cart", "https://Shop.example", "null"]
)
def test_what_no_browser_sends_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"https://shop\.example"):
        page_origins(f"https://a.example,{name}")
