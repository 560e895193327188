"""Texts, ids and numbers of a catalogue's rows."""

import unicodedata

import pytest

from indexer.catalogue.values.numbers import read_number
from indexer.catalogue.values.text import ValueProblem, read_id, read_text


def test_number_is_not_negative_and_finite() -> None:
    assert read_number("370,000", "popularity") == 370_000
    assert read_number("n/a", "popularity") is None
    for bad in (-1, "-1", float("nan"), float("inf"), "many", True, {}):
        with pytest.raises(ValueProblem, match="popularity"):
            read_number(bad, "popularity")


def test_text_loses_entities_control_characters_and_outer_spaces() -> None:
    assert read_text(" Briggs &amp; Stratton&#x2122; ", "title") == "Briggs & Stratton™"
    assert read_text("a\x00b\x07c\u0085", "title") == "abc"
    assert read_text("line\r\nbreak", "description") == "line\r\nbreak"
    assert read_text(["red", "blue"], "attribute") == "red, blue"
    assert read_text(3.5, "attribute") == "3.5"


def test_text_is_composed_and_ids_stay_exact() -> None:
    decomposed = unicodedata.normalize("NFD", "Café")
    assert read_text(decomposed, "title") == "Café"
    assert read_id(decomposed) == decomposed != "Café"


@pytest.mark.parametrize(
    ("written", "item_id"),
    [
        (" 12 ", "12"),
        (12, "12"),
        ("012", "012"),
        (12.0, "12"),
        ("12.0", "12.0"),
        (10**18, "1" + "0" * 18),
        (2**63, str(2**63)),
        ("a/b c,d|e+f", "a/b c,d|e+f"),
        ("_hidden", "_hidden"),
        (".", "."),
        ('say "x"', 'say "x"'),
        ("😀", "😀"),
        ("a\u200bb", "a\u200bb"),
        ("é" * 256, "é" * 256),
    ],
)
def test_ids_are_texts_or_whole_numbers(written: object, item_id: str) -> None:
    assert read_id(written) == item_id


@pytest.mark.parametrize(
    "written",
    [None, "", " ", 1.5, True, ["1"], {}, "a\nb", "é" * 257, 2.0**70, float("inf"), float("nan")],
)
def test_what_is_no_id(written: object) -> None:
    with pytest.raises(ValueProblem, match="item_id"):
        read_id(written)
