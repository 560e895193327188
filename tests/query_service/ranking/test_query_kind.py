"""The kind of a query: precise, broad, by meaning only, none; one analysis of words."""

from dataclasses import replace

import numpy as np
import pytest

from query_service.ranking.learned.learned_reranker import segment_of
from query_service.ranking.learned.learned_scale import Segment
from query_service.ranking.query_kind import complete_titles, query_kind, query_kind_of
from query_service.ranking.rerank_input import rerank_input
from query_service.user.intent import Intent
from tests.query_service.fixtures import bundle, embeddings, subset, visitor
from tests.query_service.ranking.test_reranker import a_visit, candidates

TITLES = ("Altrana Road Running Shoe", "Fleetfoot Running Shorts", "Ergona Office Chair")


@pytest.mark.parametrize(
    ("query_text", "kind"),
    [
        ("running shoes", "precise"),
        ("SHOES, running!", "precise"),
        ("office chairs", "precise"),
        ("running", "broad"),  # one word: many titles have it
        ("running running", "broad"),
        ("running chair", "broad"),  # no title has both
        ("sneakers", "broad"),  # found in a description, say
        ("", "none"),
        (" ", "none"),
    ],
)
def test_a_query_is_precise_when_a_title_has_all_of_its_words(query_text: str, kind: str) -> None:
    assert query_kind(query_text, complete_titles(query_text, TITLES), matched=True) == kind


@pytest.mark.parametrize(
    ("query_text", "title"),
    [
        ("running shoes", "Running Shoe"), ("phone cases", "Phone Case"),
        ("aa batteries", "AA Battery"), ("storage box", "Storage Boxes"),
        ("paint brushes", "Paint Brush"), ("wine glass", "Wine Glasses"),
        ("小米手机", "小米手机 14 Pro"),
    ],
)  # fmt: skip
def test_singular_and_plural_are_one_word(query_text: str, title: str) -> None:
    assert complete_titles(query_text, [title]).all()


def test_words_that_only_look_like_plurals_stay_apart() -> None:
    for one, other in (("glass", "glas"), ("bus stop", "bu stop"), ("gas", "ga")):
        assert not complete_titles(one, [other]).any()


def test_a_query_that_no_candidate_matches_by_words_is_by_meaning_only() -> None:
    fitted = bundle()
    every = candidates(fitted)
    for rows, kind in (([0, 28], "broad"), ([28, 29], "meaning")):  # 25 to 29: by meaning alone
        inputs = rerank_input(
            fitted, subset(every, rows), Intent(visitor(), "toothpaste", embeddings()[3])
        )
        complete = complete_titles(inputs.query_text, inputs.candidates.titles)
        assert query_kind_of(inputs, complete) == kind


def test_a_segment_names_request_query_and_history() -> None:
    fitted = bundle()
    _, visit = a_visit(fitted)
    start = rerank_input(fitted, candidates(fitted), Intent(visitor()))
    given = rerank_input(fitted, candidates(fitted), Intent(visitor()), given=True)
    asked = rerank_input(fitted, candidates(fitted), Intent(visitor(), "phone"), given=True)
    segments = [
        segment_of(each, complete_titles(each.query_text, each.candidates.titles))
        for each in (visit, replace(visit, query_text="phone"), start, given, asked)
    ]
    assert segments == [
        Segment("search", "precise", True), Segment("search", "broad", True),
        Segment("recommend", "none", False), Segment("rank", "none", False),
        Segment("search", "broad", False),
    ]  # fmt: skip
    assert segments[0].label == "search, precise, with a history"
    assert np.array_equal(complete_titles("", TITLES), [False] * 3)
