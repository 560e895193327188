"""The background writer of queries: batches, retries, and counts of what is lost."""

import threading
from collections.abc import Sequence

from plugin_config.errors import ClusterUnavailable
from query_service.sessions.query_log import QueryLog


class Sink:
    """Collects written batches; each write waits for `gate`, and the first `refusals` fail."""

    def __init__(self, refusals: int = 0) -> None:
        self.batches: list[list[int]] = []
        self.refusals = refusals
        self.gate = threading.Event()
        self.gate.set()

    def write(self, entries: Sequence[int]) -> Sequence[int]:
        self.gate.wait(10)
        if self.refusals:
            self.refusals -= 1
            raise ClusterUnavailable("gone")
        self.batches.append(list(entries))
        return []

    @property
    def written(self) -> list[int]:
        return [entry for batch in self.batches for entry in batch]


def test_entries_are_written_in_batches_in_order():
    sink = Sink()
    log = QueryLog(sink.write, interval_s=5.0)
    for number in range(50):
        log.add(number)
    assert log.flush(5)
    assert sink.written == list(range(50))
    assert len(sink.batches) < 10
    assert (log.counts.written, log.counts.queued, log.counts.lost) == (50, 0, 0)
    log.close()


def test_an_entry_waits_until_it_is_written():
    sink = Sink()
    sink.gate.clear()
    log = QueryLog(sink.write, interval_s=0.0)
    log.add(1)
    log.add(2)
    assert log.waiting() == [1, 2]
    assert not log.flush(0.05)
    sink.gate.set()
    assert log.flush(5)
    assert log.waiting() == []
    log.close()


def test_a_full_queue_makes_the_caller_write():
    sink = Sink()
    log = QueryLog(sink.write, capacity=2, interval_s=60.0)
    for number in range(3):
        log.add(number)
    assert sink.written == [2]
    assert log.counts.written_by_caller == 1
    log.close()
    assert sorted(sink.written) == [0, 1, 2]


def test_a_failed_write_is_retried():
    sink = Sink(refusals=1)
    log = QueryLog(sink.write, interval_s=0.0)
    log.add(1)
    assert log.flush(10)
    assert sink.written == [1]
    log.close()


def test_lost_entries_are_counted_and_later_ones_written(caplog):
    sink = Sink(refusals=2)
    log = QueryLog(sink.write, interval_s=0.0, attempts=2)
    log.add(1)
    assert log.flush(10)
    log.add(2)
    assert log.flush(10)
    assert sink.written == [2]
    assert (log.counts.lost, log.counts.written) == (1, 1)
    assert "gave up on 1 of 1: gone" in caplog.text
    log.close()


def test_only_refused_entries_are_retried():
    batches: list[list[int]] = []

    def write(entries: Sequence[int]) -> Sequence[int]:
        batches.append(list(entries))
        return [entry for entry in entries if entry == 2 and len(batches) == 1]

    log = QueryLog(write, interval_s=5.0)
    for number in (1, 2, 3):
        log.add(number)
    assert log.flush(10)
    assert batches == [[1, 2, 3], [2]]
    assert (log.counts.written, log.counts.lost) == (3, 0)
    log.close()


def test_close_writes_waiting_entries_and_later_ones_at_once():
    sink = Sink()
    log = QueryLog(sink.write, interval_s=60.0)
    log.add(1)
    log.close()
    assert sink.written == [1]
    log.add(2)
    assert sink.written == [1, 2]
