"""Marks in texts: spans to escaped text, and the words that no analyzer marks."""

import pytest

from query_service.highlighting.loose_words import begun_by, distance, misspelt
from query_service.highlighting.marks import MarkedText


@pytest.mark.parametrize(
    ("spans", "rendered"),
    [
        ([], "a&amp;b red-hot c++"),
        ([(0, 1), (2, 3)], "[a]&amp;[b] red-hot c++"),
        ([(0, 1), (1, 3)], "[a&amp;b] red-hot c++"),  # no mark ends where another begins
        ([(2, 7), (4, 5)], "a&amp;[b] [red]-hot c++"),
        ([(4, 15)], "a&amp;b [red-hot] [c]++"),  # of several words: without what stands around
        ([(12, 15)], "a&amp;b red-hot [c++]"),
        ([(3, 3)], "a&amp;b red-hot c++"),
    ],
)
def test_spans_become_marks_of_whole_words(spans, rendered):
    assert MarkedText("a&b red-hot c++", tuple(spans)).rendered("[", "]") == rendered


@pytest.mark.parametrize(
    ("marked", "text", "spans"),
    [
        ("", "", []),
        ("plain", "plain", []),
        ("{one} two {three}", "one two three", [(0, 3), (8, 13)]),
        ("{}½ {{two}", "½ two", [(0, 0), (2, 5)]),
    ],
)
def test_the_engines_marks_are_taken_out(marked, text, spans):
    parsed = MarkedText.parse(marked, "{", "}")
    assert (parsed.text, list(parsed.spans)) == (text, spans)


def test_the_end_of_a_text_is_cut_with_its_spans():
    assert MarkedText("  a b ", ((2, 3), (4, 5))).stripped().rendered("[", "]") == "[a] [b]"


def test_a_beginning_marks_words_without_case_and_accents():
    text = "Pokémon poker, spoke"
    assert [text[s:e] for s, e in begun_by(text, "POKE")] == ["Pokémon", "poker"]
    assert begun_by(text, "") == []


def test_nearly_the_same_words_are_misspelt_ones():
    text = "Hedphones, headphone phones Stor"
    assert [text[s:e] for s, e in misspelt(text, "headphones")] == ["Hedphones", "headphone"]
    assert misspelt(text, "stop") == []  # four letters must be right
    assert misspelt("anything", "") == []


@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [("", "", 0), ("a", "", 1), ("abcd", "abdc", 1), ("kitten", "sitting", 3), ("same", "same", 0)],
)
def test_the_distance_counts_wrong_letters(one, other, letters):
    assert distance(one, other) == distance(other, one) == letters
