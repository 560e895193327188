"""The queries whose first page changes most, with both pages, for a person to look at."""

from dataclasses import replace

import numpy as np
import pytest

from learning.evaluation.measures.rank_overlap import rank_biased_overlap
from learning.training.reranker.changed_pages import changed_pages, lines_of
from tests.learning.training.reranker.test_trainer import lists


def test_rank_biased_overlap_weighs_the_top() -> None:
    one = list("abcdefghij")
    assert rank_biased_overlap(one, one) == 1
    assert rank_biased_overlap([], []) == 1
    assert rank_biased_overlap(one, list("klmnopqrst")) == 0
    top, bottom = ["x", *one[1:]], [*one[:-1], "x"]
    assert 0 < rank_biased_overlap(one, top) < rank_biased_overlap(one, bottom) < 1
    # Two of two items at depth 2, none at depth 1: 0.8 / 1.8.
    assert rank_biased_overlap(["a", "b"], ["b", "a"]) == pytest.approx(0.8 / 1.8)


def test_the_most_changed_pages_come_first_each_query_once() -> None:
    one, other, same = lists(3)
    one = replace(one, query_text="one", segment=replace(one.segment, history=False))
    other = replace(other, query_text="other", segment=one.segment)
    same = replace(same, query_text="same", segment=one.segment)
    best = int(np.argmax(other.fixed))
    slightly = other.fixed.copy()
    slightly[np.argsort(-slightly)[[-2, -1]]] = slightly[np.argsort(-slightly)[[-1, -2]]]
    pages = changed_pages([one, other, same, one], [-one.fixed, slightly, same.fixed, one.fixed])
    assert [page.query_text for page in pages] == ["one", "other"]
    assert pages[0].overlap < pages[1].overlap
    assert pages[1].before[0] == pages[1].after[0] == f"Phone {best}"
    text = "\n".join(lines_of([one, other], [-one.fixed, slightly]))
    assert "“one” (broad), overlap 0." in text
    assert " 1 Phone" in text
    visit = replace(one, query_text="visit", segment=replace(one.segment, history=True))
    assert [p.query_text for p in changed_pages([same, visit], [same.fixed, -visit.fixed])] == [
        "visit"
    ]
    hidden = "\n".join(lines_of([one, other], [-one.fixed, slightly], least=2))
    assert "are not shown" in hidden
    assert "“one”" not in hidden
    judged = replace(one, owner="one")
    assert "“one”" in "\n".join(lines_of([judged], [-one.fixed], least=2))
    assert lines_of([same], [same.fixed]) == ["no first page of a validation query changes"]
