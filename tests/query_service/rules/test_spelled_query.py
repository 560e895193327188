"""How rules compare queries: in the search's one spelling, and by patterns that can't hang."""

import time

import pytest

from query_service.rules.spelled_query import SpelledQuery, compiled_pattern


@pytest.mark.parametrize(
    ("phrase", "query"),
    [
        ("t-shirt", "TShirt"), ("t-shirt", "t shirt"), ("pokemon", "Pokémon™"), ("wd40", "WD-40"),
        ("1.5 l", "1,5l"), ("men's shoes", "mens shoes"), ("手机", "手机"), ("c++", "C++"),
        ("Straße", "STRASSE"), ("ｌａｍｐ", "lamp"),
    ],
)  # fmt: skip
def test_one_spelling_for_letter_case_accents_hyphens_and_joints(phrase: str, query: str) -> None:
    assert SpelledQuery(phrase).joined == SpelledQuery(query).joined


@pytest.mark.parametrize(
    ("phrase", "query", "has"),
    [
        ("t-shirt", "red tshirt xl", True), ("tshirt", "red t-shirt", True),
        ("shirt", "red t-shirt", True), ("shirt", "shirts", False), ("lamp", "lampshade", False),
        ("desk lamp", "lamp desk", False), ("desk lamp", "a desk-lamp", True),
        ("手机", "智能手机壳", True), ("c", "c++", True), ("red lamp", "red desk lamp", False),
    ],
)  # fmt: skip
def test_a_phrase_is_found_as_whole_words_however_they_are_joined(
    phrase: str, query: str, has: bool
) -> None:
    assert (SpelledQuery(query).find(SpelledQuery(phrase)) is not None) is has


def test_the_words_that_a_phrase_names_are_replaced() -> None:
    query = SpelledQuery("Red T-Shirt XL")
    assert query.replaced([SpelledQuery("tshirt")], "tee") == "red tee xl"
    assert query.replaced([SpelledQuery("lamp")], "tee") == "tee"


@pytest.mark.parametrize(
    ("pattern", "query", "matches"),
    [
        ("^wd40$", "WD40", True), (r"^wd \d+$", "WD-40", True), ("pokémon", "POKÉMON", True),
        ("pokemon", "Pokémon", True), ("^lamp", "desk lamp", False), (r"\blamp\b", "Lamp!", True),
    ],
)  # fmt: skip
def test_a_pattern_is_tried_as_typed_without_accents_and_in_words(
    pattern: str, query: str, matches: bool
) -> None:
    assert SpelledQuery(query).matches(compiled_pattern(pattern)) is matches


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa|a*)*$", "(.*a){10}.{50}(x|y.*)*b"])
def test_a_pattern_that_would_backtrack_without_end_takes_no_time(pattern: str) -> None:
    query = SpelledQuery("a" * 511 + "!")
    compiled = compiled_pattern(pattern)
    started = time.process_time()
    query.matches(compiled)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [("(?<=a)b", "look-around"), (r"(a)\1", "back-references"), ("(", "missing"),
     ("(x{100}){100}", "repetition"), ("(((a{20}){10}b{90}c{90}){5}){9}", "too large|repetition")],
)  # fmt: skip
def test_what_re2_can_t_do_in_bounds_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        compiled_pattern(pattern)
