"""The fixed re-ranker: scores equal a loop, shares add up, edge cases."""

import numpy as np
import pytest
import torch

from query_service.ranking.affinity import affinity
from query_service.ranking.explanation import explain
from query_service.ranking.fusion import fused
from query_service.ranking.rerank_input import rerank_input
from query_service.ranking.reranker import Reranker, RerankerWeights
from query_service.ranking.scores import ranked_rows
from query_service.ranking.stage import varied
from query_service.retrieval.candidates.candidates import Candidates
from query_service.retrieval.legs import LEGS
from query_service.user.intent import Intent
from query_service.user.user_vector import build
from tests.query_service.fixtures import (
    NOW,
    bundle,
    embeddings,
    event,
    items,
    query,
    subset,
    visitor,
)

LAYOUTS = pytest.mark.parametrize("layout", ["sum", "concat"])


def candidates(fitted) -> Candidates:
    legs = np.full((30, 3), np.nan, np.float32)
    legs[:20, 0] = np.linspace(9, 3, 20)
    legs[10:, 1] = np.linspace(0.9, 0.1, 20)
    legs[5:25, 2] = np.linspace(0.5, -0.2, 20)
    all_items = items()
    return Candidates(
        ids=tuple(item.item_id for item in all_items),
        legs=LEGS,
        leg_scores=legs,
        vectors=fitted.item_vectors(embeddings()),
        has_words=np.arange(30) < 25,
        popularity=np.array([item.popularity for item in all_items], np.float32),
        price=np.array([item.price for item in all_items], np.float32),
        brands=tuple(item.brand for item in all_items),
        categories=tuple(item.category for item in all_items),
        titles=tuple(item.title for item in all_items),
        identified=np.zeros(30, dtype=bool),
        groups=tuple(item.item_id for item in all_items),
    )


def a_visit(fitted):
    shopper = visitor(
        [event(fitted, 0), event(fitted, 4, "dislike"), event(fitted, 3, session_id="before")],
        [query("huawei", embeddings()[1])],
    )
    user_vector = build(
        shopper, fitted, now=NOW, query_text="xiaomi phone", query_vector=embeddings()[3]
    )
    intent = Intent(shopper, "xiaomi phone", embeddings()[3], user_vector)
    return intent, rerank_input(fitted, candidates(fitted), intent)


@LAYOUTS
@pytest.mark.parametrize("scorer", [Reranker().score, fused], ids=["reranker", "fused"])
def test_shares_add_up_to_the_score(layout: str, scorer) -> None:
    intent, inputs = a_visit(bundle(layout))
    scores = scorer(inputs)
    kinds = set()
    for row in range(30):
        explanation = explain(row, inputs.candidates, scores, intent)
        kinds |= {share.kind for share in explanation.shares}
        values = sum(share.value for share in explanation.shares)
        assert values == pytest.approx(explanation.score, abs=1e-5)
        assert explanation.score == pytest.approx(float(scores.total[row]))
    assert kinds == {"query", "search_history", "event", "user_history", "item"}


def test_scores_equal_a_loop_over_the_formula() -> None:
    intent, inputs = a_visit(bundle())
    w = RerankerWeights()
    scores = Reranker(w).score(inputs).total
    g, q = inputs.candidates.vectors, embeddings()[3]
    bm25 = np.nan_to_num(inputs.candidates.leg_scores[:, 0])
    cos, to_person = g @ q, g @ intent.user_vector.R
    for i in range(30):
        expected = w.words * bm25[i] / bm25.max()
        expected += w.meaning * (cos[i] - cos.min()) / (cos.max() - cos.min())
        # Of a query of two words, where a leg that requires them returns the item.
        known = bm25[i] if i < 20 else bm25[:20].min()
        broad = 0.5 * (i < 25) * (known / bm25.max()) ** 2
        personal = 1 + w.breadth * broad
        expected += personal * w.person * (to_person[i] - to_person.min()) / np.ptp(to_person)
        likeness = inputs.event_behaviour @ g[i]
        attention = np.exp(likeness / w.temperature) * np.abs(inputs.event_weights)
        attention /= attention.sum()
        expected += (
            personal * w.attention * (attention * np.sign(inputs.event_weights) * likeness).sum()
        )
        expected += personal * w.affinity * (inputs.event_weights * inputs.affinity[i]).sum()
        expected += (w.popularity + w.broad_popularity * broad**2) * inputs.popularity[i]
        assert scores[i] == pytest.approx(expected, abs=1e-4)


def test_the_score_of_one_candidate_is_finite() -> None:
    fitted = bundle()
    inputs = rerank_input(fitted, subset(candidates(fitted), [3]), Intent(visitor()))
    assert np.isfinite(Reranker().score(inputs).total).all()


def test_the_clicked_brand_rises_and_the_disliked_item_falls() -> None:
    fitted = bundle()
    nobody = Intent(visitor(), "xiaomi phone", embeddings()[3])
    cold = rerank_input(fitted, candidates(fitted), nobody)
    _, inputs = a_visit(fitted)
    before, after = Reranker().score(cold).total, Reranker().score(inputs).total
    gain = after - before
    assert gain[0::3].mean() > gain[2::3].mean() + 0.05  # xiaomi, clicked, against lumo
    assert gain[4] < gain[0::3].mean()


def test_popularity_and_taste_put_no_item_before_the_one_that_matches_the_query() -> None:
    fitted = bundle()
    some = subset(candidates(fitted), [0, 29])  # the first has the words, the other is popular
    some.leg_scores[:] = [[9.0, np.nan, np.nan], [np.nan, 0.9, np.nan]]
    inputs = rerank_input(fitted, some, Intent(visitor(), "zanzibar", embeddings()[29]))
    assert inputs.breadth.tolist() == [1.0, 0.0]
    scores = Reranker().score(inputs).total
    assert scores[0] > scores[1]


def test_the_breadth_of_given_items_is_0() -> None:
    fitted = bundle()
    some = candidates(fitted)
    retrieved = rerank_input(fitted, some, Intent(visitor()))
    given = rerank_input(fitted, some, Intent(visitor()), given=True)
    assert (retrieved.breadth > 0).all()
    assert not given.breadth.any()


def test_ties_are_broken_by_id_and_nan_is_last() -> None:
    scores = np.array([1.0, np.nan, 2.0, 1.0], np.float32)
    assert ranked_rows(scores, ("d", "c", "b", "a")).tolist() == [2, 3, 0, 1]


def test_the_fused_order_ranks_the_last_of_a_leg_above_items_that_it_lacks() -> None:
    fitted = bundle()
    nobody = Intent(visitor(), query_embedding=embeddings()[3])
    words = fused(rerank_input(fitted, candidates(fitted), nobody)).legs["words"]
    assert words[19] > 0
    assert words[20] == 0


def test_affinity_compares_brand_category_and_price() -> None:
    fitted = bundle()
    table = affinity(candidates(fitted), [event(fitted, 0)])
    assert table.shape == (30, 1)
    assert table[0, 0] == pytest.approx(1.0)
    assert table[0, 0] >= table[3, 0] > table[1, 0] > 0  # same item, same brand, other brand


def test_varied_takes_the_categories_in_turn() -> None:
    fitted = bundle()
    some = subset(candidates(fitted), range(4))
    mixed = Candidates(**(vars(some) | {"categories": (("a",), ("a",), ("b",), ())}))
    assert varied(mixed, [0, 1, 2, 3]) == [0, 2, 3, 1]
    assert varied(mixed, [0, 2]) == [0, 2]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_gpu_scores_equal_cpu_scores() -> None:
    _, inputs = a_visit(bundle())
    on_cpu, on_gpu = Reranker().score(inputs), Reranker(None, "cuda", 0).score(inputs)
    np.testing.assert_allclose(on_cpu.total, on_gpu.total, atol=1e-4)
