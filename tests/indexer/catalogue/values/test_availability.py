"""Availability in the words of feeds, stock counts and many languages."""

import pytest

from indexer.catalogue.values.availability import read_availability
from indexer.catalogue.values.availability_words import WORDS
from indexer.catalogue.values.text import ValueProblem


@pytest.mark.parametrize(
    "written",
    [True, "yes", "In stock", "in_stock", "IN-STOCK", "InStock", "https://schema.org/InStock",
     "http://schema.org/PreOrder", "schema:LimitedAvailability", "onbackorder", "1", 1, "12", 7.0,
     "1.0", ">10", "10+", "5 left", "stock: 5", "0.5", "Nur noch 3 Stück", "On", "ja",
     "Auf Lager.", "disponível", "DISPONIVEL", "有货", "在庫あり", "в наличии", "stokta var"],
)  # fmt: skip
def test_available(written: object) -> None:
    assert read_availability(written) is True


@pytest.mark.parametrize(
    "written",
    [False, "no", "out of stock", "OutOfStock", "https://schema.org/SoldOut", "discontinued", 0,
     0.0, "0", "0.0", "Stock: 0", -2, "-2", "off", "nein", "Nicht lieferbar", "rupture de stock",
     "Agotado", "épuisé", "缺货", "売り切れ", "нет в наличии", "tükendi"],
)  # fmt: skip
def test_not_available(written: object) -> None:
    assert read_availability(written) is False


@pytest.mark.parametrize("written", [None, " ", "n/a", "unknown", "-"])
def test_unknown_availability(written: object) -> None:
    assert read_availability(written) is None


@pytest.mark.parametrize("written", ["perhaps", "ships on 5 May", {}, [1]])
def test_other_words_are_a_problem(written: object) -> None:
    with pytest.raises(ValueProblem, match=r"available .* is neither yes nor no"):
        read_availability(written)


@pytest.mark.parametrize("language", WORDS)
def test_every_listed_word_is_understood(language: str) -> None:
    for words, meaning in zip(WORDS[language], (True, False), strict=True):
        for word in words.split(", "):
            assert read_availability(word) is meaning, word
