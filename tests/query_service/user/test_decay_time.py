"""The time from which behaviour is aged: the same for all pages of an answer."""

import pytest

from query_service.user.decay_time import decay_time
from query_service.user.visitor import Event, PastQuery, Visitor

NEWEST = 1_790_000_000.0
HOUR = 3600.0


@pytest.mark.parametrize(
    ("elapsed", "counted"),
    [(-5, 0), (0, 0), (1799, 0), (1800, HOUR / 2), (HOUR - 1, HOUR / 2), (HOUR, HOUR),
     (3 * HOUR, 2 * HOUR), (100 * HOUR, 64 * HOUR)],
)  # fmt: skip
def test_the_time_since_the_newest_activity_counts_in_coarse_steps(elapsed, counted):
    events = (Event("click", "a", NEWEST - 50, "s"),)
    visitor = Visitor("s", "", events, (PastQuery("desk", NEWEST, "s"),))
    assert decay_time(visitor, NEWEST + elapsed) == NEWEST + counted


def test_without_behaviour_it_is_now():
    assert decay_time(Visitor("s"), 12.5) == 12.5
