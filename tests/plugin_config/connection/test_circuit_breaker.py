"""When a silent node is sent no requests."""

import pytest

from plugin_config.connection.circuit_breaker import FAILURES, SILENT_S, CircuitBreaker


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


def silent(breaker: CircuitBreaker, clock: Clock, each_s: float = SILENT_S) -> list[bool]:
    """As many requests in a row as make it suspicious, each without an answer for `each_s` s."""
    asks = []
    for _ in range(FAILURES):
        clock.now += each_s
        asks.append(breaker.failed(each_s))
    return asks


def test_a_node_that_gives_no_sign_of_life_is_silent_until_it_does(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    assert silent(breaker, clock) == [False, False, True]
    assert not breaker.is_open
    assert not breaker.failed(0.1)  # one caller asks
    assert breaker.gave_no_sign()
    assert not breaker.gave_no_sign()  # opened once
    assert breaker.is_open
    assert breaker.asks_on()
    assert breaker.answered()
    assert not breaker.is_open
    assert not breaker.answered()  # closed once
    assert not breaker.asks_on()


def test_a_slow_node_that_is_alive_stays_in_use(breaker: CircuitBreaker, clock: Clock) -> None:
    """As many searches at once as are too many for it, all of them late."""
    for _ in range(3):
        assert silent(breaker, clock) == [False, False, True]
        breaker.answered()  # the sign of life
        assert not breaker.asks_on()
        assert not breaker.is_open


def test_an_answer_to_another_request_counts_while_the_sign_of_life_is_missing(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    silent(breaker, clock)
    breaker.answered()
    assert not breaker.gave_no_sign()
    assert not breaker.asks_on()
    assert silent(breaker, clock) == [False, False, True]


def test_short_deadlines_and_few_failures_raise_no_suspicion(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    assert not any(silent(breaker, clock, each_s=SILENT_S / FAILURES / 2))
    breaker.answered()
    assert not any(breaker.failed(10 * SILENT_S) for _ in range(FAILURES - 1))


def test_requests_that_fail_at_the_same_time_do(breaker: CircuitBreaker, clock: Clock) -> None:
    """As when a node hangs while many requests wait for it."""
    clock.now += SILENT_S
    assert [breaker.failed(SILENT_S) for _ in range(FAILURES)] == [False, False, True]
