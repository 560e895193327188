"""Each part of the user vector alone, then together, in both layouts."""

import numpy as np
import pytest

from query_service.user import user_vector
from query_service.user.user_vector import FusionWeights, build
from query_service.user.vector_part import Source
from tests.query_service.fixtures import NOW, K, M, bundle, embeddings, event, query, visitor

LAYOUTS = pytest.mark.parametrize("layout", ["sum", "concat"])


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


@LAYOUTS
def test_contributions_add_up_to_r(layout: str) -> None:
    made, e = bundle(layout), embeddings()
    who = visitor(
        [event(made, 0), event(made, 4, "dislike"), event(made, 3, session_id="before")],
        [query("huawei", e[1]), query("lumo", e[2])],
    )
    result = build(who, made, now=NOW, query_text="xiaomi phone", query_vector=e[3])
    np.testing.assert_allclose(result.contributions.sum(axis=0), result.R, atol=1e-5)
    assert np.linalg.norm(result.R) == pytest.approx(1, abs=1e-4)
    assert len(result.R) == made.spec.vector_dims
    kinds = {source.kind for source in result.sources}
    assert kinds == {"query", "search_history", "event", "user_history"}


def test_nothing_known_gives_zeros_and_says_so() -> None:
    result = build(visitor(), bundle(), now=NOW)
    assert not result.known
    assert not np.any(result.R)
    assert len(result.contributions) == 0


def test_d_h_weighs_the_current_query_most_and_earlier_ones_by_recency() -> None:
    made, e = bundle(), embeddings()
    queries = list(enumerate([query("a", e[1]), query("b", e[4])]))
    D_H = user_vector.search_history(e[7], queries, [], "s", NOW, made, FusionWeights())
    assert D_H.sources == (
        Source("query"),
        Source("search_history", 1),
        Source("search_history", 0),
    )
    lengths = np.linalg.norm(D_H.rows, axis=1)
    assert lengths[0] > lengths[1] > lengths[2]
    assert np.linalg.norm(D_H.vector) == pytest.approx(1, abs=1e-5)


def test_d_h_leaves_out_a_query_of_another_subject() -> None:
    made, e = bundle(), embeddings()
    opposite = query("elsewhere", -e[0])
    D_H = user_vector.search_history(e[0], [(0, opposite)], [], "s", NOW, made, FusionWeights())
    np.testing.assert_allclose(D_H.vector, e[0], atol=1e-5)


def test_d_q_points_to_the_items_that_have_the_word() -> None:
    made, e = bundle(), embeddings()
    D_q = user_vector.query_terms("huawei", made).vector
    assert (e[1::3] @ D_q).mean() > (e[0::3] @ D_q).mean() + 0.3
    assert not user_vector.query_terms("qqqqq", made).known


def test_d_b_is_the_weighted_mean_and_a_dislike_pushes_away() -> None:
    made, e = bundle(), embeddings()
    sources = [Source("event", 0), Source("event", 1)]
    liked = user_vector.behaviour_sequence(e[[0, 1]], np.array([3, 1], np.float32), sources, made)
    np.testing.assert_allclose(cosine(liked.vector, 3 * e[0] + e[1]), 1, atol=1e-5)
    disliked = user_vector.behaviour_sequence(
        e[[0, 1]], np.array([3, -3], np.float32), sources, made
    )
    assert disliked.vector @ e[1] < liked.vector @ e[1]


def test_d_a_learns_the_brand_from_attributes_alone() -> None:
    made, e = bundle(), embeddings()
    D_a = user_vector.action_statistics(
        [("brand:huawei",), ("brand:huawei",)], np.ones(2, np.float32),
        [Source("event", 0), Source("event", 1)], made,
    )  # fmt: skip
    assert (e[1::3] @ D_a.vector).mean() > (e[0::3] @ D_a.vector).mean() + 0.3
    np.testing.assert_allclose(D_a.rows[0], D_a.rows[1], atol=1e-6)


@LAYOUTS
@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (1.0, 1.0), (0.7, 0.8)])
def test_alpha_and_beta_mix_and_reach_0_and_1(layout: str, alpha: float, beta: float) -> None:
    made, e = bundle(layout), embeddings()
    result = build(
        visitor([event(made, 0)]), made, now=NOW, query_text="huawei", query_vector=e[2],
        weights=FusionWeights(alpha=alpha, beta=beta),
    )  # fmt: skip
    demand = alpha * result.D_H.vector + (1 - alpha) * result.D_q.vector
    behaviour = beta * result.D_B.vector + (1 - beta) * result.D_a.vector
    assert cosine(result.D_u.vector, demand) == pytest.approx(1, abs=1e-4)
    assert cosine(result.D_b.vector, behaviour) == pytest.approx(1, abs=1e-4)


def test_a_missing_part_gives_its_weight_to_the_others() -> None:
    made, e = bundle(), embeddings()
    no_terms = build(visitor(), made, now=NOW, query_text="qqqqq", query_vector=e[0])
    np.testing.assert_allclose(no_terms.R, e[0], atol=1e-5)
    no_query = build(visitor([event(made, 0)]), made, now=NOW)
    np.testing.assert_allclose(no_query.R, no_query.D_b.vector, atol=1e-5)


def test_concat_puts_demand_and_behaviour_side_by_side() -> None:
    made, e = bundle("concat"), embeddings()
    result = build(visitor([event(made, 0)]), made, now=NOW, query_text="x", query_vector=e[1])
    assert result.R.shape == (M + K,)
    assert cosine(result.R[:M], result.D_u.vector) == pytest.approx(1, abs=1e-4)
    assert cosine(result.R[M:], result.D_b.vector) == pytest.approx(1, abs=1e-4)


def test_an_event_of_an_unknown_item_is_left_out() -> None:
    made = bundle()
    with_it = build(visitor([event(made, 0), event(made, 1, vector=None)]), made, now=NOW)
    assert with_it.event_weights[1] == 0
    assert {source.index for source in with_it.sources} == {0}


def test_recent_events_count_more_and_earlier_sessions_less() -> None:
    made = bundle()
    events = [
        event(made, 0, session_id="before"),
        event(made, 0, timestamp=NOW - 30 * 86400),
        event(made, 0),
        event(made, 0, "purchase"),
    ]
    weights = user_vector.event_weights(events, "s", NOW, "shop", FusionWeights())
    assert weights[3] > weights[2] > weights[0] > weights[1] > 0


def test_a_broken_off_watch_counts_against_the_video() -> None:
    made = bundle()
    watched = [event(made, 0, "watch", watched_fraction=f) for f in (0.02, 0.5, 1.0)]
    skip, half, whole = user_vector.event_weights(watched, "s", NOW, "video", FusionWeights())
    assert skip < 0 < half < whole


def test_comments_are_demand_and_so_are_titles_in_a_feed() -> None:
    made, e = bundle(), embeddings()
    commented = visitor([event(made, 0, "comment", text="love it", text_vector=e[1])])
    assert build(commented, made, now=NOW).D_H.known
    liked = visitor([event(made, 0, "like")])
    assert not build(liked, made, now=NOW, scenario="shop").D_H.known
    assert build(liked, made, now=NOW, scenario="feed").D_H.known


def test_events_move_r_towards_the_brand_acted_on() -> None:
    made, e = bundle(), embeddings()
    before = build(visitor(), made, now=NOW, query_text="phone", query_vector=e[2])
    after = build(
        visitor([event(made, 0), event(made, 3), event(made, 6)]), made, now=NOW,
        query_text="phone", query_vector=e[2],
    )  # fmt: skip
    assert (e[0::3] @ after.R).mean() > (e[0::3] @ before.R).mean() + 0.2
