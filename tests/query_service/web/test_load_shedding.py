"""Which searches are refused before they wait."""

import pytest

from query_service.web.load_shedding import LoadShedding

THREADS = 4
SEARCH, RECOMMEND, SUGGEST = "/v1/search", "/v1/recommend", "/v1/suggest"


@pytest.fixture
def busy() -> LoadShedding:
    """Searches have taken 0.2 s each."""
    shedding = LoadShedding(THREADS)
    for _ in range(50):
        shedding.answered(0.2)
    return shedding


@pytest.mark.parametrize(
    ("path", "most_ahead"),
    [(SEARCH, 10), (RECOMMEND, 6), (SUGGEST, 3)],  # 0.2 s x (ahead / 4 + 1) within .7, .5, .35 s
)
def test_what_would_wait_past_its_share_of_the_deadline_is_refused(
    busy: LoadShedding, path: str, most_ahead: int
) -> None:
    answered = [ahead for ahead in range(-THREADS, 40) if not busy.refuses(path, 1.001, ahead)]
    assert max(answered) == most_ahead
    assert answered == list(range(-THREADS, most_ahead + 1))


def test_a_free_thread_takes_any_search(busy: LoadShedding) -> None:
    assert not busy.refuses(SUGGEST, 0.001, -1)
    assert busy.refuses(SUGGEST, 0.001, 0)


def test_nothing_is_refused_before_a_search_was_answered() -> None:
    assert not LoadShedding(THREADS).refuses(SEARCH, 0.001, 100)


def test_the_mean_follows_the_latest_searches(busy: LoadShedding) -> None:
    assert busy.refuses(SEARCH, 0.4, 3)
    for _ in range(50):
        busy.answered(0.02)
    assert not busy.refuses(SEARCH, 0.3, 3)
