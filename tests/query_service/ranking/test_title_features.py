"""What titles say of a query and of events: against loops over their words."""

import numpy as np
import pytest

from query_service.ranking.title_features import (
    ANSWER,
    SHARED,
    Titles,
    answers,
    hashed,
    in_common,
    shared_signals,
)

TITLES = [
    "Glacier Bay 36 in. Oak Shower Door",
    "Glacier Bay 48 in. Oak Shower Doors",
    "Shower head, chrome",
    "Oak stain 1/2 gal.",
    "",
]
WORDS = [
    ["glacier", "bay", "36", "in", "oak", "shower", "door"],
    ["glacier", "bay", "48", "in", "oak", "shower", "door"],
    ["shower", "head", "chrome"],
    ["oak", "stain", "1", "2", "gal"],
    [],
]


def rarity(word: str) -> float:
    return float(np.log((len(TITLES) + 1) / (sum(word in words for words in WORDS) + 1)))


def signal(found: np.ndarray, name: str) -> np.ndarray:
    return found[:, ANSWER.index(name)]


def test_answers_equal_a_loop() -> None:
    query = ["door", "36", "shower"]
    found = answers(Titles.of(TITLES), "doors 36 shower")
    assert found.shape == (5, len(ANSWER))
    assert found.dtype == np.float32
    whole = sum(rarity(word) for word in query)
    for row, words in enumerate(WORDS):
        hits = [word in words for word in query]
        assert signal(found, "cover")[row] == pytest.approx(np.mean(hits))
        missing = sum(rarity(w) for w, hit in zip(query, hits, strict=True) if not hit)
        assert signal(found, "missing_rare")[row] == pytest.approx(missing, abs=1e-5)
        assert signal(found, "cover_rare")[row] == pytest.approx(1 - missing / whole, abs=1e-5)
        assert signal(found, "last_word")[row] == ("shower" in words)
        places = [place / len(words) for place, word in enumerate(words) if word in query]
        assert signal(found, "first_place")[row] == pytest.approx(min(places, default=1.0))
        share = sum(hits) / max(len(words), 1)
        assert signal(found, "of_title")[row] == pytest.approx(share)
        assert signal(found, "length")[row] == pytest.approx(max(len(words), 1) / 20)


def test_another_size_is_told_from_the_one_that_was_asked_for() -> None:
    found = answers(Titles.of(TITLES), "36 door")
    assert signal(found, "numbers").tolist() == [1, 0, 0, 0, 0]
    assert signal(found, "numbers_missing").tolist() == [0, 1, 1, 1, 1]
    assert not signal(answers(Titles.of(TITLES), "door"), "numbers_missing").any()


@pytest.mark.parametrize("length", [3, 4])
def test_runs_of_letters_find_a_word_with_another_ending(length: int) -> None:
    titles = ["showering", "shovel"]
    query = " showerhead "
    runs = {query[i : i + length] for i in range(len(query) - length + 1)}
    found = signal(answers(Titles.of(titles), "showerhead"), f"letters{length}")
    for row, title in enumerate((" shower ", " shovel ")):
        own = {title[i : i + length] for i in range(len(title) - length + 1)}
        assert found[row] == pytest.approx(len(runs & own) / len(runs))
    assert found[0] > found[1]


def test_neighbouring_words_count_in_their_order() -> None:
    found = answers(Titles.of(["oak door white", "door oak white"]), "oak door")
    assert signal(found, "pairs").tolist() == [1, 0]


def test_what_is_in_common_equals_a_loop_and_leaves_the_query_out() -> None:
    events = ["Oak door, Glacier Bay", "Chrome shower", "nothing of these"]
    event_words = [{"oak", "door", "glacier", "bay"}, {"chrome", "shower"}, {"nothing"}]
    titles = Titles.of(TITLES)
    found = in_common(titles, events, "shower")
    for row, words in enumerate(WORDS):
        for column, told in enumerate(event_words):
            expected = sum(rarity(w) for w in set(words) & told if w != "shower")
            assert found[row, column] == pytest.approx(expected, abs=1e-5)
    weights = np.array([0.6, -0.3, 0.1], np.float32)
    signals = shared_signals(titles, found, weights)
    assert signals.shape == (5, len(SHARED))
    np.testing.assert_allclose(signals[:, 0], found[:, [0, 2]].max(axis=1), atol=1e-6)
    np.testing.assert_allclose(signals[:, 1], found[:, 2], atol=1e-6)
    np.testing.assert_allclose(signals[:, 2], found @ weights * np.sqrt(3), atol=1e-5)


def test_one_title_no_title_no_query_no_event() -> None:
    for titles in (["Oak"], [""], ["", ""], ["小米手机", "手机"]):
        made = Titles.of(titles)
        for query in ("", "oak", "手机 6", "!?"):
            assert np.isfinite(answers(made, query)).all()
            assert np.isfinite(in_common(made, ["oak", ""], query)).all()
            none = in_common(made, [], query)
            assert none.shape == (len(titles), 0)
            assert not shared_signals(made, none, np.zeros(0, np.float32)).any()
    assert not answers(Titles.of(TITLES), "").any()
    assert len(hashed("").words) == 0
