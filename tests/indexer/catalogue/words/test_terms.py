"""Terms and attribute terms: what D_q and D_a count."""

import pytest

from indexer.catalogue.items import Item
from indexer.catalogue.words.terms import attribute_terms, price_band, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cast-Iron Skillet, 10 in.", ["cast", "iron", "skillet", "10", "in"]),
        ("collector's edition", ["collector's", "edition"]),
        ("小米手机", ["小米", "米手", "手机"]),
        ("红米Note5 手", ["红米", "note", "5", "手"]),
        ("WD40 wd-40", ["wd", "40", "wd", "40"]),
        ("Cafe\u0301 ＣＡＦＥ́ Straße Head\u00adphones", ["cafe", "cafe", "strasse", "headphones"]),
        ("10,000mAh 1,5l", ["10000", "mah", "1", "5", "l"]),
        ("1½ l s21+ C# Levi´s", ["1", "5", "l", "s", "21", "plus", "c", "sharp", "levi's"]),
        ("", []),
    ],
)
def test_terms_are_words_and_bigrams_of_cjk_runs(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_a_price_band_spans_a_factor_of_about_one_and_a_half() -> None:
    assert price_band(100) == price_band(105)
    assert price_band(100) != price_band(150)
    assert price_band(0) < 0  # nothing breaks on a gift


def test_attribute_terms_of_an_item() -> None:
    assert attribute_terms(Item(item_id="1", title="lamp lamp")) == ["word:lamp"]
    full = Item(
        item_id="1", title="Lamp", brand="Lumo", category=("Home", "Light"), price=20.0,
        currency="EUR",
    )  # fmt: skip
    assert attribute_terms(full) == [
        "brand:lumo", "category:home", "category:home > light", "price:EUR:9", "word:lamp",
    ]  # fmt: skip
