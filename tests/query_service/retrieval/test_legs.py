"""The search body of each leg, and the candidates from the legs' hits."""

from typing import Any

import numpy as np
import pytest

from query_service.retrieval.candidates.candidate_fields import CandidateFields
from query_service.retrieval.candidates.candidates import Candidates
from query_service.retrieval.legs import LEGS, inner_product
from query_service.retrieval.plan import MEANING, PERSON, WORDS, RetrievalPlan
from query_service.retrieval.search import search_bodies

VECTOR = np.array([0.6, 0.8], dtype=np.float32)


def plan_of(**fields: Any) -> RetrievalPlan:
    return RetrievalPlan(LEGS, **fields)


def hit(item_id: str, score: float) -> dict:
    return {"_id": item_id, "_score": score, "fields": {"item_id": [item_id]}}


def fields_of(*item_ids: str) -> dict[str, CandidateFields]:
    raw = VECTOR.astype("<f2").tobytes()
    return {item_id: CandidateFields(raw, 3.0, np.nan, "Lumo", (), "") for item_id in item_ids}


def test_a_leg_without_input_is_left_out() -> None:
    assert search_bodies(plan_of()) == {}
    assert list(search_bodies(plan_of(query_text="lamp"))) == [WORDS]
    assert list(search_bodies(plan_of(query_text="lamp", query_vector=VECTOR))) == [WORDS, MEANING]
    assert list(search_bodies(plan_of(R=VECTOR))) == [PERSON]
    assert list(search_bodies(plan_of(query_text="lamp", R=np.zeros(2, np.float32)))) == [WORDS]


def test_filters_and_exclusions_are_in_every_leg() -> None:
    plan = plan_of(
        query_text="lamp", query_vector=VECTOR, R=VECTOR,
        request_filters=[{"term": {"available": True}}], exclude=["7"],
    )  # fmt: skip
    for body in search_bodies(plan).values():
        text = str(body["query"])
        assert "'available': True" in text
        assert "'ids': {'values': ['7']}" in text


def test_the_person_leg_requires_the_words_of_the_query() -> None:
    with_query = search_bodies(plan_of(query_text="desk lamp", R=VECTOR))[PERSON]
    assert "multi_match" in str(with_query["query"])
    assert "multi_match" not in str(search_bodies(plan_of(R=VECTOR))[PERSON]["query"])


def test_the_words_leg_matches_misspelt_words_and_the_person_leg_does_not() -> None:
    bodies = search_bodies(plan_of(query_text="flurorescent light bulbs", R=VECTOR))
    assert "fuzziness" in str(bodies[WORDS]["query"])
    assert "fuzziness" not in str(bodies[PERSON]["query"])


def test_bigrams_of_the_query_are_searched_as_phrases() -> None:
    query = str(search_bodies(plan_of(query_text="flurorescent  light bulbs"))[WORDS]["query"])
    assert "'query': 'flurorescent light'" in query
    assert "'query': 'light bulbs'" in query
    assert "match_phrase" not in str(search_bodies(plan_of(query_text="手机"))[WORDS]["query"])
    long = " ".join(f"w{n}" for n in range(200))
    assert str(search_bodies(plan_of(query_text=long))[WORDS]["query"]).count("match_phrase") == 8


def test_no_leg_reads_the_stored_source() -> None:
    plan = plan_of(query_text="lamp", query_vector=VECTOR, R=VECTOR)
    assert all(body["_source"] is False for body in search_bodies(plan).values())


@pytest.mark.parametrize("product", [-2.0, -0.3, 0.0, 0.4, 1.0])
def test_the_inner_product_is_computed_from_the_score(product: float) -> None:
    score = 1 + product if product >= 0 else 1 / (1 - product)
    assert inner_product(score) == pytest.approx(product)


def test_the_union_keeps_each_item_once_with_the_score_of_each_leg() -> None:
    hits = {WORDS: [hit("a", 7.0), hit("b", 5.0)], PERSON: [hit("b", 1.5)]}
    united = Candidates.union(hits, fields_of("a", "b"), LEGS, dims=2)
    assert united.ids == ("a", "b")
    np.testing.assert_array_equal(
        united.leg_scores, np.array([[7.0, np.nan, np.nan], [5.0, np.nan, 0.5]], np.float32)
    )
    assert united.leg_scores.shape[1] == len(LEGS)
    np.testing.assert_allclose(united.vectors, [VECTOR, VECTOR], atol=1e-3)
    assert united.brands == ("Lumo", "Lumo")
    assert np.isnan(united.price).all()
    assert united.categories == ((), ())


def test_an_item_whose_fields_are_not_known_is_no_candidate() -> None:
    hits = {WORDS: [hit("a", 1.0), hit("b", 0.5)]}
    assert Candidates.union(hits, fields_of("b"), LEGS, dims=2).ids == ("b",)
