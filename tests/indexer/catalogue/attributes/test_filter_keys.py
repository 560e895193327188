"""Filter keys of values in another letter case or Unicode form."""

import unicodedata

import pytest

from indexer.catalogue.attributes.filter_keys import filter_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Canon", "CANON"),
        ("Canon", "Ｃａｎｏｎ"),
        ("Café", unicodedata.normalize("NFD", "CAFÉ")),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("ΟΔΟΣ", "οδος"),
        ("Nord\u00adhall", "nordhall"),
        ("Nord\u200bhall", "Nordhall"),
        ("Home  \u00a0& Garden ", "home & garden"),
        ("ﬁne", "FINE"),
        ("ナイキ", "ﾅｲｷ"),
        ("L’Oréal", "l'ORÉAL"),
        ("Levi`s", "levi´s"),
    ],
)
def test_equal_keys_for_another_case_or_unicode_form(one: str, other: str) -> None:
    assert filter_key(one) == filter_key(other)


@pytest.mark.parametrize(("one", "other"), [("Bär", "Bar"), ("año", "ano"), ("8", "8.0")])
def test_other_values_have_other_keys(one: str, other: str) -> None:
    assert filter_key(one) != filter_key(other)
