"""Warnings that repeat are counted, each reason by itself, and no count is lost."""

import io
import logging
import re

import pytest

from query_service.observability.repeated_lines import MOST, CountingHandler, RepeatedLines

REFUSED = "answered 503: OpenSearch did not answer: ConnectionError"


class Log:
    """A logger whose handler counts by a clock that the test turns on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.stream = io.StringIO()
        self.handler = CountingHandler(self.stream, RepeatedLines(10.0, lambda: self.now))
        self.logger = logging.Logger("service")
        self.logger.addHandler(self.handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()

    def after(self, seconds: float) -> None:
        self.now += seconds
        self.handler.tell()


@pytest.fixture
def log() -> Log:
    return Log()


def test_the_first_line_is_written_whole_and_the_others_counted_at_intervals(log: Log) -> None:
    for _ in range(413):
        log.logger.error("answered 503: %s", "OpenSearch did not answer: ConnectionError")
        log.after(0.02)
    assert log.lines == [REFUSED]
    log.after(2)
    assert log.lines == [REFUSED, f"412 more in 10 s: {REFUSED}"]
    log.after(4)
    log.logger.error(REFUSED)
    log.after(6)
    assert log.lines[2:] == [f"1 more in 10 s: {REFUSED}"]


def test_a_kind_that_has_not_come_for_an_interval_is_written_whole_again(log: Log) -> None:
    log.logger.error(REFUSED)
    log.after(10)
    log.logger.error(REFUSED)
    assert log.lines == [REFUSED, REFUSED]


def test_a_count_is_due_with_the_next_line_of_any_kind(log: Log) -> None:
    log.logger.error(REFUSED)
    log.logger.error(REFUSED)
    log.now += 12
    log.logger.info("POST /v1/search 200")
    assert log.lines == [REFUSED, f"1 more in 12 s: {REFUSED}", "POST /v1/search 200"]


def test_nothing_is_lost_at_the_end(log: Log) -> None:
    for reason in ("one", "two", "one", "two", "two"):
        log.logger.warning("degraded: words: %s", reason)
    log.now += 3
    log.handler.close()
    assert log.lines == [
        "degraded: words: one",
        "degraded: words: two",
        "1 more in 3 s: degraded: words: one",
        "2 more in 3 s: degraded: words: two",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("answered 503: status 429", "answered 503: status 503"),
        ("no answer at 127.0.0.1:9200", "no answer at 127.0.0.1:9201"),
        ("1 of 3 shards did not answer", "2 of 3 shards did not answer"),
        ("index_closed_exception", "cluster_block_exception"),
    ],
)
def test_different_reasons_are_never_counted_together(log: Log, one: str, other: str) -> None:
    for message in (one, other):
        log.logger.warning(message)
    log.logger.error(one)
    assert log.lines == [one, other, one]  # an error is no warning


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Read timed out. (read timeout=0.2718)", "Read timed out. (read timeout=1)"),
        ("<HTTPConnection at 0x7f00aa>: refused", "<HTTPConnection at 0x7f11bb>: refused"),
        ("[queue size = 9, completed tasks = 7]", "[queue size = 9, completed tasks = 88]"),
        ("would be [1020054634/972.7mb], larger", "would be [1020054999/972.8mb], larger"),
        ("elapsed time exceeded [12ms]", "elapsed time exceeded [340ms]"),
    ],
)
def test_what_varies_within_one_reason_makes_no_kind_of_its_own(
    log: Log, one: str, other: str
) -> None:
    log.logger.warning(one)
    log.logger.warning(other)
    assert log.lines == [one]


def test_failures_are_told_apart_by_where_they_come_from(log: Log) -> None:
    for text in ("x", "", "y", ""):
        try:
            int(text) if text else float(text)
        except ValueError:
            log.logger.exception("stage failed")
    written = re.findall(r"stage failed|ValueError: .*", log.stream.getvalue())
    assert written == [
        *("stage failed", "ValueError: invalid literal for int() with base 10: 'x'"),
        *("stage failed", "ValueError: could not convert string to float: ''"),
        *("stage failed", "ValueError: invalid literal for int() with base 10: 'y'"),
    ]


def test_what_is_no_warning_is_always_written(log: Log) -> None:
    for _ in range(3):
        log.logger.info("POST /v1/search 503")
    assert log.lines == ["POST /v1/search 503"] * 3


def test_a_flood_of_kinds_is_written_and_takes_no_memory(log: Log) -> None:
    messages = [f"item {number}" for number in range(MOST + 3)]
    for message in [*messages, messages[0], messages[-1]]:
        log.logger.warning(message)
    assert log.lines == [*messages, messages[-1]]
