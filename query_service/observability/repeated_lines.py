"""Warnings that repeat: the first of a kind is written whole, then how many followed, at intervals.

An outage fails every request for one reason. A line for each would bury what else happens.
"""

import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

from query_service.observability.patient_handler import PatientHandler

INTERVAL_S = 10.0
WITHOUT_IDS = "without_ids"  # of a record: its message before its request's ids were added
MOST = 200  # kinds that are counted at once; lines of further ones are all written
# What varies between lines of one reason: addresses of objects, the time that was left, how full a
# queue or a memory is, how long a try took. Other numbers tell reasons apart: a status, a port.
_VARYING = re.compile(
    r"0x[0-9a-f]+|@[0-9a-f]+\b|(?<=timeout=)[\d.]+|(?<= = )\d+|\b\d+/[\d.]+[kmg]?b\b|\b[\d.]+ ?ms\b"
)
_PLAIN = logging.Formatter()
_KEPT = ("stage", "cause")  # fields that all lines of a kind share
Key = tuple[str, int, str]  # logger, level, reason


@dataclass
class _Kind:
    """Lines of one kind: the message of the first, and how many came `since` (monotonic)."""

    logger: str
    level: int
    message: str
    fields: Mapping[str, Any]
    since: float
    repeated: int = 0

    def count(self, now: float) -> logging.LogRecord:
        """The line that says how many came, see `TextLines` and `JsonLines`."""
        text = f"{self.repeated} more in {now - self.since:.0f} s: {self.message}"
        known = {"name": self.logger, "levelno": self.level, "msg": text}
        level = logging.getLevelName(self.level)
        more = {"levelname": level, "repeated": self.repeated, **self.fields}
        return logging.makeLogRecord(known | more)


class RepeatedLines:
    """Tells which warnings to write, and counts the others. Not safe between threads."""

    def __init__(
        self, interval_s: float = INTERVAL_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval_s, self._clock = interval_s, clock
        self._kinds: dict[Key, _Kind] = {}
        self._next = 0.0  # nothing is due before

    def is_first(self, record: logging.LogRecord) -> bool:
        """Whether to write the line; if not, it is counted."""
        if record.levelno < logging.WARNING:
            return True
        message = message_of(record)
        key = (record.name, record.levelno, _reason(record, message))
        if (kind := self._kinds.get(key)) is not None:
            kind.repeated += 1
            return False
        if len(self._kinds) < MOST:
            now = self._clock()
            if not self._kinds:
                self._next = now + self._interval_s
            fields = {name: getattr(record, name) for name in _KEPT if hasattr(record, name)}
            self._kinds[key] = _Kind(record.name, record.levelno, message, fields, now)
        return True

    def due(self) -> list[logging.LogRecord]:
        """The counts whose interval has ended. A kind that did not repeat in it is forgotten."""
        if not self._kinds or (now := self._clock()) < self._next:
            return []
        ended = {
            key: kind for key, kind in self._kinds.items() if kind.since + self._interval_s <= now
        }
        lines = [kind.count(now) for kind in ended.values() if kind.repeated]
        for key, kind in ended.items():
            if kind.repeated:
                kind.since, kind.repeated = now, 0
            else:
                del self._kinds[key]
        self._next = min((kind.since for kind in self._kinds.values()), default=now)
        self._next += self._interval_s
        return lines

    def rest(self) -> list[logging.LogRecord]:
        """All counts that are not logged yet; nothing is counted afterwards."""
        now, kinds = self._clock(), self._kinds
        self._kinds = {}
        return [kind.count(now) for kind in kinds.values() if kind.repeated]


class CountingHandler(PatientHandler):
    """Writes lines to a stream, and counts of those that repeat; the last ones when it is closed.

    `tell` writes what is due, where no line comes. A forked process counts its own lines alone.
    """

    def __init__(self, stream: TextIO, repeated: RepeatedLines | None = None) -> None:
        super().__init__(stream)
        self._repeated = repeated or RepeatedLines()
        self._process = os.getpid()

    def emit(self, record: logging.LogRecord) -> None:
        counter = self._own()
        for line in counter.due():
            super().emit(line)
        if counter.is_first(record):
            super().emit(record)

    def tell(self) -> None:
        """Write the counts whose interval has ended."""
        with self._locked():
            for line in self._own().due():
                super().emit(line)

    def close(self) -> None:
        with self._locked():
            for line in self._own().rest():
                super().emit(line)
        super().close()

    def _own(self) -> RepeatedLines:
        """The counter, without what the process had counted that this one was forked from."""
        if self._process != os.getpid():
            self._process = os.getpid()
            self._repeated.rest()
        return self._repeated

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.acquire()
        try:
            yield
        finally:
            self.release()


def message_of(record: logging.LogRecord) -> str:
    """The message of a line, without the ids of its request."""
    message: str = getattr(record, WITHOUT_IDS, "") or record.getMessage()
    return message


def _reason(record: logging.LogRecord, message: str) -> str:
    """What lines of one kind have in common."""
    trace = ""
    if record.exc_info:
        trace = record.exc_text or _PLAIN.formatException(record.exc_info)
    return _VARYING.sub("#", f"{message}\n{trace}")
