"""How well a text completes what is typed, and where its letters are."""

import pytest

from query_service.suggestions.typed_prefix import TypedPrefix


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("head", "headphones"), ("wireless hea", "Wireless Headphones"), ("pokem", "Pokémon"),
        ("POKÉ", "pokemon"), ("tshi", "T-Shirt"), ("wd4", "WD40"), ("手", "手机"),
        ("ｈｅａｄ", "headphones"),
    ],
)  # fmt: skip
def test_a_beginning_is_completed_best(typed: str, text: str) -> None:
    completion = TypedPrefix.of(typed).completion(text)
    assert completion is not None
    assert completion.quality == 1.0
    assert not completion.corrected


@pytest.mark.parametrize(
    ("typed", "text"),
    [("head", "wireless headphones"), ("手机", "小米手机"), ("shoe ru", "running shoe")],
)
def test_a_beginning_of_another_word_comes_after_that(typed: str, text: str) -> None:
    completion = TypedPrefix.of(typed).completion(text)
    assert completion is not None
    assert 0.5 < completion.quality < 1.0
    assert not completion.corrected


@pytest.mark.parametrize("typed", ["haed", "hed", "hadphone", "heedphnes"])
def test_misspellings_from_the_third_letter_are_corrected(typed: str) -> None:
    completion = TypedPrefix.of(typed).completion("headphones")
    assert completion is not None
    assert completion.corrected
    assert completion.quality < 0.5


@pytest.mark.parametrize(
    ("typed", "text"), [("lamp", "headphones"), ("hx", "headphones"), ("手", "电脑")]
)
def test_other_texts_do_not_complete_it(typed: str, text: str) -> None:
    assert TypedPrefix.of(typed).completion(text) is None


@pytest.mark.parametrize(
    ("typed", "text", "expected"),
    [
        ("head", "Wireless Headphones", "Wireless <em>Head</em>phones"),
        ("cafe m", "Café <Mug>", "<em>Café</em> &lt;<em>M</em>ug&gt;"),
        ("手机", "小米手机", "小米<em>手机</em>"),
        ("stras", "Straße & Co", "<em>Straß</em>e &amp; Co"),
        ("haed", "headphones", "headphones"),
    ],
)
def test_the_typed_letters_are_marked(typed: str, text: str, expected: str) -> None:
    assert TypedPrefix.of(typed).highlighted(text) == expected
