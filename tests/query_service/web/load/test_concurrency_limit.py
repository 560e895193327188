"""How the limit follows what the machine can do, in simulated services."""

import pytest

from query_service.web.load.concurrency_limit import FIRST, ConcurrencyLimit, Worked
from tests.query_service.web.load.simulated_service import SEARCH, Fixed, SimulatedService

THREADS = 16
WORK_S = 0.05
SECONDS = 20


def overloaded(limit: ConcurrencyLimit, cores: float, deadline_s: float) -> SimulatedService:
    """Twice as many searches arrive as can be answered."""
    service = SimulatedService(limit, cores=cores, work_s=WORK_S)
    service.offer(2 * min(cores, THREADS) / WORK_S, SECONDS, deadline_s)
    return service.run()


@pytest.mark.parametrize("deadline_s", [0.3, 1.0])
@pytest.mark.parametrize("cores", [1, 2, 8, 64])
def test_an_overloaded_service_answers_as_many_as_with_the_best_limit(
    cores: float, deadline_s: float
) -> None:
    best = max(overloaded(Fixed(n), cores, deadline_s).good for n in (1, 2, 4, 8, THREADS))
    adaptive = overloaded(ConcurrencyLimit(THREADS), cores, deadline_s)
    assert adaptive.good >= 0.9 * best
    assert adaptive.late <= 0.05 * adaptive.good


def test_too_many_at_once_are_late_without_it() -> None:
    """What the limit is for."""
    without = overloaded(Fixed(THREADS), 2, 0.3)
    assert overloaded(ConcurrencyLimit(THREADS), 2, 0.3).good > 5 * without.good


def test_it_grows_to_all_threads_where_the_cores_are_many_and_stays_low_where_they_are_few() -> (
    None
):
    assert overloaded(ConcurrencyLimit(THREADS), 64, 1.0).limit.value == THREADS
    assert overloaded(ConcurrencyLimit(THREADS), 1, 1.0).limit.value < THREADS / 2


def test_it_does_not_grow_beyond_what_is_used() -> None:
    service = SimulatedService(ConcurrencyLimit(THREADS), cores=64, work_s=WORK_S)
    service.offer(10, 60, 1.0)  # half a search at work on average
    assert service.run().limit.value < THREADS / 2


def test_it_follows_a_machine_that_becomes_slow_and_quick_again() -> None:
    service = SimulatedService(ConcurrencyLimit(THREADS), cores=16, work_s=WORK_S)
    limits = []
    for cores in (16, 0.5, 16):
        service.cores, before = cores, service.good
        service.offer(2 * cores / WORK_S, SECONDS, 0.5)
        service.run()
        limits.append(service.limit.value)
        # At most 10 a second can be answered by the slow one.
        assert service.good - before > 0.8 * cores / WORK_S * SECONDS
    quick, slow, again = limits
    assert slow <= 5
    assert min(quick, again) >= 10


def test_an_engine_that_hung_costs_a_second_or_two_after_it() -> None:
    service = SimulatedService(ConcurrencyLimit(THREADS), cores=8, work_s=WORK_S)
    service.cores = 1e-6
    service.offer(20, 10, 1.0)
    service.run()
    assert (service.good, service.limit.value) == (0, 1)
    service.cores, service.good = 8, 0
    service.offer(80, 2, 1.0)
    service.run()
    assert service.good > 0.8 * 160


def test_deadlines_that_nobody_could_keep_do_not_lower_it() -> None:
    limit = ConcurrencyLimit(THREADS)
    for number in range(10):
        limit.note(Worked(SEARCH, number, number + 0.05, 1.0, 1))
    for number in range(10, 100):
        limit.note(Worked(SEARCH, number, number + 0.05, 1.0, 1, late=True))
    assert limit.value >= FIRST


def test_kinds_that_take_unequal_times_are_compared_with_their_own() -> None:
    limit, now = ConcurrencyLimit(THREADS), 0.0
    for _ in range(20):
        for kind, seconds in ((SEARCH, 0.2), ("/v1/suggest", 0.01)):
            now += 1
            limit.note(Worked(kind, now, now + seconds, 1.0, 1))
    for number in range(400):
        now += 1
        kind, seconds = ((SEARCH, 0.2), ("/v1/suggest", 0.01))[number % 2]
        limit.note(Worked(kind, now, now + seconds, 1.0, limit.value))
    assert limit.value == THREADS


def test_one_thread_is_a_limit_of_one() -> None:
    limit = ConcurrencyLimit(1)
    for number in range(100):
        limit.note(Worked(SEARCH, number, number + 0.05, 1.0, 1))
    assert limit.value == 1
