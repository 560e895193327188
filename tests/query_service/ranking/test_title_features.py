"""What titles say of a query and of events: against loops over their words."""

import numpy as np
import pytest

from query_service.ranking.title_features import (
    TitleMatch,
    TitleOverlap,
    TitleTable,
    hashed_text,
    shared_rarity,
    title_match,
    title_overlap,
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


def columns(features: TitleMatch | TitleOverlap) -> np.ndarray:
    return np.stack(list(vars(features).values()), axis=1)


def test_answers_equal_a_loop() -> None:
    query = ["door", "36", "shower"]
    found = title_match(TitleTable.of(TITLES), "doors 36 shower")
    for values in vars(found).values():
        assert values.shape == (5,)
        assert values.dtype == np.float32
    whole = sum(rarity(word) for word in query)
    for row, words in enumerate(WORDS):
        hits = [word in words for word in query]
        assert found.cover[row] == pytest.approx(np.mean(hits))
        missing = sum(rarity(w) for w, hit in zip(query, hits, strict=True) if not hit)
        assert found.missing_rare[row] == pytest.approx(missing, abs=1e-5)
        assert found.cover_rare[row] == pytest.approx(1 - missing / whole, abs=1e-5)
        assert found.last_word[row] == ("shower" in words)
        places = [place / len(words) for place, word in enumerate(words) if word in query]
        assert found.first_place[row] == pytest.approx(min(places, default=1.0))
        share = sum(hits) / max(len(words), 1)
        assert found.of_title[row] == pytest.approx(share)
        assert found.length[row] == pytest.approx(max(len(words), 1) / 20)


def test_another_size_is_told_from_the_one_that_was_asked_for() -> None:
    found = title_match(TitleTable.of(TITLES), "36 door")
    assert found.numbers.tolist() == [1, 0, 0, 0, 0]
    assert found.numbers_missing.tolist() == [0, 1, 1, 1, 1]
    assert not title_match(TitleTable.of(TITLES), "door").numbers_missing.any()


@pytest.mark.parametrize("length", [3, 4])
def test_runs_of_letters_find_a_word_with_another_ending(length: int) -> None:
    titles = ["showering", "shovel"]
    query = " showerhead "
    runs = {query[i : i + length] for i in range(len(query) - length + 1)}
    found = getattr(title_match(TitleTable.of(titles), "showerhead"), f"letters{length}")
    for row, title in enumerate((" shower ", " shovel ")):
        own = {title[i : i + length] for i in range(len(title) - length + 1)}
        assert found[row] == pytest.approx(len(runs & own) / len(runs))
    assert found[0] > found[1]


def test_neighbouring_words_count_in_their_order() -> None:
    found = title_match(TitleTable.of(["oak door white", "door oak white"]), "oak door")
    assert found.pairs.tolist() == [1, 0]


def test_what_is_in_common_equals_a_loop_and_leaves_the_query_out() -> None:
    events = ["Oak door, Glacier Bay", "Chrome shower", "nothing of these"]
    event_words = [{"oak", "door", "glacier", "bay"}, {"chrome", "shower"}, {"nothing"}]
    titles = TitleTable.of(TITLES)
    found = shared_rarity(titles, events, "shower")
    for row, words in enumerate(WORDS):
        for column, told in enumerate(event_words):
            expected = sum(rarity(w) for w in set(words) & told if w != "shower")
            assert found[row, column] == pytest.approx(expected, abs=1e-5)
    weights = np.array([0.6, -0.3, 0.1], np.float32)
    overlap = title_overlap(titles, found, weights)
    assert all(values.shape == (5,) for values in vars(overlap).values())
    np.testing.assert_allclose(overlap.shared_max, found[:, [0, 2]].max(axis=1), atol=1e-6)
    np.testing.assert_allclose(overlap.shared_last, found[:, 2], atol=1e-6)
    np.testing.assert_allclose(overlap.shared, found @ weights * np.sqrt(3), atol=1e-5)


def test_one_title_no_title_no_query_no_event() -> None:
    for titles in (["Oak"], [""], ["", ""], ["小米手机", "手机"]):
        made = TitleTable.of(titles)
        for query in ("", "oak", "手机 6", "!?"):
            assert np.isfinite(columns(title_match(made, query))).all()
            assert np.isfinite(shared_rarity(made, ["oak", ""], query)).all()
            none = shared_rarity(made, [], query)
            assert none.shape == (len(titles), 0)
            assert not columns(title_overlap(made, none, np.zeros(0, np.float32))).any()
    assert not columns(title_match(TitleTable.of(TITLES), "")).any()
    assert len(hashed_text("").words) == 0
