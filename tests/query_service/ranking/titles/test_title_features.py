"""Title features of a query and of events equal loops over words."""

import numpy as np
import pytest

from query_service.ranking.titles.hashed_text import hashed_text
from query_service.ranking.titles.title_features import (
    TitleMatch,
    TitleOverlap,
    shared_rarity,
    title_match,
    title_overlap,
)
from query_service.ranking.titles.title_table import TitleTable

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


def test_match_features_equal_a_loop() -> None:
    query = ["door", "36", "shower"]
    match = title_match(TitleTable(TITLES), "doors 36 shower")
    for values in vars(match).values():
        assert values.shape == (5,)
        assert values.dtype == np.float32
    whole = sum(rarity(word) for word in query)
    for row, words in enumerate(WORDS):
        hits = [word in words for word in query]
        assert match.cover[row] == pytest.approx(np.mean(hits))
        missing = sum(rarity(w) for w, hit in zip(query, hits, strict=True) if not hit)
        assert match.missing_rare[row] == pytest.approx(missing, abs=1e-5)
        assert match.cover_rare[row] == pytest.approx(1 - missing / whole, abs=1e-5)
        assert match.last_word[row] == ("shower" in words)
        positions = [i / len(words) for i, word in enumerate(words) if word in query]
        assert match.first_place[row] == pytest.approx(min(positions, default=1.0))
        share = sum(hits) / max(len(words), 1)
        assert match.of_title[row] == pytest.approx(share)
        assert match.length[row] == pytest.approx(max(len(words), 1) / 20)


def test_a_title_with_another_size_lacks_the_number_of_the_query() -> None:
    match = title_match(TitleTable(TITLES), "36 door")
    assert match.numbers.tolist() == [1, 0, 0, 0, 0]
    assert match.numbers_missing.tolist() == [0, 1, 1, 1, 1]
    assert not title_match(TitleTable(TITLES), "door").numbers_missing.any()


@pytest.mark.parametrize("length", [3, 4])
def test_letter_n_grams_match_a_word_with_another_ending(length: int) -> None:
    titles = ["showering", "shovel"]
    query = " showerhead "
    ngrams = {query[i : i + length] for i in range(len(query) - length + 1)}
    match = getattr(title_match(TitleTable(titles), "showerhead"), f"letters{length}")
    for row, title in enumerate((" shower ", " shovel ")):
        own = {title[i : i + length] for i in range(len(title) - length + 1)}
        assert match[row] == pytest.approx(len(ngrams & own) / len(ngrams))
    assert match[0] > match[1]


def test_bigrams_count_in_their_order() -> None:
    match = title_match(TitleTable(["oak door white", "door oak white"]), "oak door")
    assert match.pairs.tolist() == [1, 0]


def test_overlap_features_equal_a_loop_and_leave_the_query_out() -> None:
    events = ["Oak door, Glacier Bay", "Chrome shower", "nothing of these"]
    event_words = [{"oak", "door", "glacier", "bay"}, {"chrome", "shower"}, {"nothing"}]
    titles = TitleTable(TITLES)
    shared = shared_rarity(titles, events, "shower")
    for row, words in enumerate(WORDS):
        for column, event_title in enumerate(event_words):
            expected = sum(rarity(w) for w in set(words) & event_title if w != "shower")
            assert shared[row, column] == pytest.approx(expected, abs=1e-5)
    weights = np.array([0.6, -0.3, 0.1], np.float32)
    overlap = title_overlap(titles, shared, weights)
    assert all(values.shape == (5,) for values in vars(overlap).values())
    np.testing.assert_allclose(overlap.shared_max, shared[:, [0, 2]].max(axis=1), atol=1e-6)
    np.testing.assert_allclose(overlap.shared_last, shared[:, 2], atol=1e-6)
    np.testing.assert_allclose(overlap.shared, shared @ weights * np.sqrt(3), atol=1e-5)


def test_empty_titles_queries_and_events_give_finite_features() -> None:
    for titles in (["Oak"], [""], ["", ""], ["小米手机", "手机"]):
        table = TitleTable(titles)
        for query in ("", "oak", "手机 6", "!?"):
            assert np.isfinite(columns(title_match(table, query))).all()
            assert np.isfinite(shared_rarity(table, ["oak", ""], query)).all()
            none = shared_rarity(table, [], query)
            assert none.shape == (len(titles), 0)
            assert not columns(title_overlap(table, none, np.zeros(0, np.float32))).any()
    assert not columns(title_match(TitleTable(TITLES), "")).any()
    assert len(hashed_text("").words) == 0
