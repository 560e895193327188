"""Each part of the user vector by itself, then fused, in both layouts."""

import numpy as np
import pytest

from query_service.user import demand, user_vector
from query_service.user.user_vector import FusionWeights, build
from query_service.user.vector_part import Source
from tests.query_service.fixtures import NOW, K, M, bundle, embeddings, event, query, visitor

LAYOUTS = pytest.mark.parametrize("layout", ["sum", "concat"])


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


@LAYOUTS
def test_contributions_add_up_to_r(layout: str) -> None:
    fitted, e = bundle(layout), embeddings()
    shopper = visitor(
        [event(fitted, 0), event(fitted, 4, "dislike"), event(fitted, 3, session_id="before")],
        [query("huawei", e[1]), query("lumo", e[2])],
    )
    result = build(shopper, fitted, now=NOW, query_text="xiaomi phone", query_vector=e[3])
    np.testing.assert_allclose(result.contributions.sum(axis=0), result.R, atol=1e-5)
    assert np.linalg.norm(result.R) == pytest.approx(1, abs=1e-4)
    assert len(result.R) == fitted.spec.vector_dims
    kinds = {source.kind for source in result.sources}
    assert kinds == {"query", "search_history", "event", "user_history"}


def test_without_input_r_is_zero_and_unknown() -> None:
    result = build(visitor(), bundle(), now=NOW)
    assert not result.known
    assert not np.any(result.R)
    assert len(result.contributions) == 0


def test_d_h_weighs_the_current_query_most_and_earlier_ones_by_recency() -> None:
    fitted, e = bundle(), embeddings()
    searcher = visitor([], [query("a", e[1]), query("b", e[4])])
    D_H = demand.search_history(searcher, fitted, "", e[7], now=NOW)
    assert D_H.sources == (
        Source("query"),
        Source("search_history", 1),
        Source("search_history", 0),
    )
    lengths = np.linalg.norm(D_H.rows, axis=1)
    assert lengths[0] > lengths[1] > lengths[2]
    assert np.linalg.norm(D_H.vector) == pytest.approx(1, abs=1e-5)


def test_d_h_leaves_out_a_query_of_another_subject() -> None:
    fitted, e = bundle(), embeddings()
    searcher = visitor([], [query("elsewhere", -e[0])])
    D_H = demand.search_history(searcher, fitted, "", e[0], now=NOW)
    np.testing.assert_allclose(D_H.vector, e[0], atol=1e-5)


def test_d_q_is_near_the_items_that_have_the_word() -> None:
    fitted, e = bundle(), embeddings()
    D_q = demand.query_terms("huawei", fitted).vector
    assert (e[1::3] @ D_q).mean() > (e[0::3] @ D_q).mean() + 0.3
    assert not demand.query_terms("qqqqq", fitted).known


def test_d_b_is_the_weighted_mean_and_a_dislike_pushes_away() -> None:
    fitted, e = bundle(), embeddings()
    sources = [Source("event", 0), Source("event", 1)]
    liked = user_vector.behaviour_sequence(e[[0, 1]], np.array([3, 1], np.float32), sources, fitted)
    np.testing.assert_allclose(cosine(liked.vector, 3 * e[0] + e[1]), 1, atol=1e-5)
    disliked = user_vector.behaviour_sequence(
        e[[0, 1]], np.array([3, -3], np.float32), sources, fitted
    )
    assert disliked.vector @ e[1] < liked.vector @ e[1]


def test_d_a_finds_the_brand_from_attributes_alone() -> None:
    fitted, e = bundle(), embeddings()
    D_a = user_vector.action_statistics(
        [("brand:huawei",), ("brand:huawei",)], np.ones(2, np.float32),
        [Source("event", 0), Source("event", 1)], fitted,
    )  # fmt: skip
    assert (e[1::3] @ D_a.vector).mean() > (e[0::3] @ D_a.vector).mean() + 0.3
    np.testing.assert_allclose(D_a.rows[0], D_a.rows[1], atol=1e-6)


@LAYOUTS
@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (1.0, 1.0), (0.7, 0.8)])
def test_alpha_and_beta_mix_and_reach_0_and_1(layout: str, alpha: float, beta: float) -> None:
    fitted, e = bundle(layout), embeddings()
    result = build(
        visitor([event(fitted, 0)]), fitted, now=NOW, query_text="huawei", query_vector=e[2],
        weights=FusionWeights(alpha=alpha, beta=beta),
    )  # fmt: skip
    D_u = alpha * result.D_H.vector + (1 - alpha) * result.D_q.vector
    D_b = beta * result.D_B.vector + (1 - beta) * result.D_a.vector
    assert cosine(result.D_u.vector, D_u) == pytest.approx(1, abs=1e-4)
    assert cosine(result.D_b.vector, D_b) == pytest.approx(1, abs=1e-4)


def test_the_weight_of_a_missing_part_goes_to_the_others() -> None:
    fitted, e = bundle(), embeddings()
    no_terms = build(visitor(), fitted, now=NOW, query_text="qqqqq", query_vector=e[0])
    np.testing.assert_allclose(no_terms.R, e[0], atol=1e-5)
    no_query = build(visitor([event(fitted, 0)]), fitted, now=NOW)
    np.testing.assert_allclose(no_query.R, no_query.D_b.vector, atol=1e-5)


def test_concat_concatenates_demand_and_behaviour() -> None:
    fitted, e = bundle("concat"), embeddings()
    result = build(visitor([event(fitted, 0)]), fitted, now=NOW, query_text="x", query_vector=e[1])
    assert result.R.shape == (M + K,)
    assert cosine(result.R[:M], result.D_u.vector) == pytest.approx(1, abs=1e-4)
    assert cosine(result.R[M:], result.D_b.vector) == pytest.approx(1, abs=1e-4)


def test_an_event_of_an_unknown_item_is_left_out() -> None:
    fitted = bundle()
    result = build(visitor([event(fitted, 0), event(fitted, 1, vector=None)]), fitted, now=NOW)
    assert result.event_weights[1] == 0
    assert {source.index for source in result.sources} == {0}


def test_recent_events_count_more_and_earlier_sessions_less() -> None:
    fitted = bundle()
    events = [
        event(fitted, 0, session_id="before"),
        event(fitted, 0, timestamp=NOW - 30 * 86400),
        event(fitted, 0),
        event(fitted, 0, "purchase"),
    ]
    weights = user_vector.event_weights(events, "s", NOW, "shop", FusionWeights())
    assert weights[3] > weights[2] > weights[0] > weights[1] > 0


def test_a_broken_off_watch_counts_against_the_video() -> None:
    fitted = bundle()
    watched = [event(fitted, 0, "watch", watched_fraction=f) for f in (0.02, 0.5, 1.0)]
    skip, half, whole = user_vector.event_weights(watched, "s", NOW, "video", FusionWeights())
    assert skip < 0 < half < whole


def test_comments_are_demand_and_so_are_titles_in_a_feed() -> None:
    fitted, e = bundle(), embeddings()
    commented = visitor([event(fitted, 0, "comment", text="love it", text_vector=e[1])])
    assert build(commented, fitted, now=NOW).D_H.known
    liked = visitor([event(fitted, 0, "like")])
    assert not build(liked, fitted, now=NOW, scenario="shop").D_H.known
    assert build(liked, fitted, now=NOW, scenario="feed").D_H.known


def test_events_move_r_towards_the_brand_acted_on() -> None:
    fitted, e = bundle(), embeddings()
    before = build(visitor(), fitted, now=NOW, query_text="phone", query_vector=e[2])
    after = build(
        visitor([event(fitted, 0), event(fitted, 3), event(fitted, 6)]), fitted, now=NOW,
        query_text="phone", query_vector=e[2],
    )  # fmt: skip
    assert (e[0::3] @ after.R).mean() > (e[0::3] @ before.R).mean() + 0.2
