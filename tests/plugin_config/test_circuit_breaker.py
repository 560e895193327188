"""When a silent node is asked."""

import pytest

from plugin_config.circuit_breaker import FAILURES, PAUSE_S, SILENT_S, CircuitBreaker


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(clock)


def silent(breaker: CircuitBreaker, clock: Clock, each_s: float = SILENT_S) -> None:
    """As many requests in a row as open it, each without an answer for `each_s` seconds."""
    for _ in range(FAILURES):
        clock.now += each_s
        breaker.failed(each_s)


def test_a_silent_node_is_asked_once_in_a_while(breaker: CircuitBreaker, clock: Clock) -> None:
    silent(breaker, clock)
    assert breaker.is_open
    assert [breaker.admits() for _ in range(3)] == [False, False, False]
    clock.now += PAUSE_S
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    breaker.failed(0.3)
    assert not breaker.admits()
    clock.now += PAUSE_S
    assert breaker.admits()


def test_any_answer_closes_it(breaker: CircuitBreaker, clock: Clock) -> None:
    silent(breaker, clock)
    breaker.answered()
    assert not breaker.is_open
    assert all(breaker.admits() for _ in range(3))


def test_short_deadlines_and_few_failures_do_not_open_it(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    silent(breaker, clock, each_s=SILENT_S / FAILURES / 2)
    assert not breaker.is_open
    breaker.answered()
    for _ in range(FAILURES - 1):
        breaker.failed(10 * SILENT_S)
    assert breaker.admits()


def test_requests_that_fail_at_the_same_time_open_it(breaker: CircuitBreaker, clock: Clock) -> None:
    """As when a node hangs while many requests wait for it."""
    clock.now += SILENT_S
    for _ in range(FAILURES):
        breaker.failed(SILENT_S)
    assert not breaker.admits()
