"""Negatives are drawn by popularity, repeatably, and never from the user's own items."""

from collections import Counter

import pytest

from learning.data.negatives import PopularityDraw

COUNTS = {f"i{n}": n for n in range(41)}  # i0 was never acted on


def test_negatives_are_distinct_and_none_is_the_users_own() -> None:
    own = {"i40", "i39", "unknown"}
    for user in range(50):
        drawn = PopularityDraw(COUNTS).draw(str(user), own, 30)
        assert len(set(drawn)) == len(drawn) == 30
        assert not own & set(drawn)
        assert "i0" not in drawn


def test_a_draw_depends_on_key_and_seed_alone() -> None:
    first = PopularityDraw(COUNTS, seed=3)
    alone = first.draw("b", (), 10)
    again = PopularityDraw(dict(reversed(COUNTS.items())), seed=3)
    again.draw("a", (), 10)
    assert again.draw("b", (), 10) == alone
    assert again.draw("c", (), 10) != alone
    assert PopularityDraw(COUNTS, seed=4).draw("b", (), 10) != alone


def test_probabilities_are_in_proportion_to_the_counts() -> None:
    draw = PopularityDraw({"rare": 1, "known": 3, "popular": 6})
    drawn = Counter(draw.draw(str(user), (), 1)[0] for user in range(4000))
    for item_id, share in (("rare", 0.1), ("known", 0.3), ("popular", 0.6)):
        assert drawn[item_id] / 4000 == pytest.approx(share, abs=0.03)


def test_two_draws_without_replacement_have_the_distribution_of_successive_draws() -> None:
    """P(second = b) = sum over the first a of P(a) P(b) / (1 - P(a))."""
    shares = {"a": 0.5, "b": 0.3, "c": 0.2}
    draw = PopularityDraw({"a": 5, "b": 3, "c": 2})
    drawn = Counter(draw.draw(str(user), (), 2)[1] for user in range(6000))
    for item_id, share in shares.items():
        expected = sum(
            first * share / (1 - first) for other, first in shares.items() if other != item_id
        )
        assert drawn[item_id] / 6000 == pytest.approx(expected, abs=0.03)


def test_fewer_where_there_are_no_more() -> None:
    assert len(PopularityDraw(COUNTS).draw("a", {"i1", "i2"}, 99)) == 38
    assert PopularityDraw({}).draw("a", (), 5) == []
