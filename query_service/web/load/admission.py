"""Which searches a process works on, which wait for their turn, and which are refused at once.

A search that starts shortly before its deadline takes the engine's time, and is late anyway. When
more arrive than can be answered, nearly all of them would be; refused early, the others are
answered in time.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, Protocol, TypeVar

from query_service.web.load.concurrency_limit import ConcurrencyLimit, Worked
from query_service.web.load.recent_times import RecentTimes

# Of its deadline a search may use so much, since searches take longer the more of them run; what a
# page can do without is refused first.
DEADLINE_SHARE: Mapping[str, float] = {"/v1/suggest": 0.4, "/v1/recommend": 0.6}
SEARCH_SHARE = 0.85
FEW = 3  # answers from which on times are known
LOAD_METRICS = "live_intent_load"  # the app's extension that observes the load
Payload = TypeVar("Payload")


class Verdict(Enum):
    """What becomes of a search that arrives."""

    START = "start"
    WAIT = "wait"
    REFUSE = "refuse"


@dataclass(eq=False)
class Ticket(Generic[Payload]):
    """A search on its way: `payload` is what the server needs to go on with it.

    `arrived` and `deadline` in seconds of the admission's clock.
    """

    kind: str
    arrived: float
    deadline: float
    payload: Payload
    began: float = 0.0
    beside: int = 0

    @property
    def budget_s(self) -> float:
        """Seconds from its arrival to its deadline."""
        return self.deadline - self.arrived


@dataclass(frozen=True)
class Turn(Generic[Payload]):
    """Whose turn it is, and whose turn would come too late."""

    start: list[Ticket[Payload]] = field(default_factory=list)
    refuse: list[Ticket[Payload]] = field(default_factory=list)


class LoadObserver(Protocol):
    """Gets the state after each change, and of refusals: `LoadMetrics`."""

    def state(self, limit: int, at_work: int, waiting: int) -> None: ...
    def refused(self, count: int, reason: str) -> None: ...


class Unobserved:
    """Nobody looks."""

    def state(self, limit: int, at_work: int, waiting: int) -> None:
        """Nothing."""

    def refused(self, count: int, reason: str) -> None:
        """Nothing."""


class Admission(Generic[Payload]):
    """The searches of one process. Safe to use from many threads."""

    def __init__(
        self,
        limit: ConcurrencyLimit,
        observer: LoadObserver | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._limit, self._clock = limit, clock
        self._observer: LoadObserver = observer or Unobserved()
        self._lock = threading.Lock()
        self._waiting: deque[Ticket[Payload]] = deque()
        self._at_work = 0
        self._times = RecentTimes()
        self._tell()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def arrive(self, ticket: Ticket[Payload], ahead: int = -1) -> Verdict:
        """What becomes of a search; `ahead`: requests that wait for a thread, -1: one is free.

        One that need not wait is never refused, nor any before others have been answered in this
        queue: the times known are of an earlier load.
        """
        with self._lock:
            if not self._waiting and not self._at_work:
                self._times = RecentTimes()
            is_free = not self._waiting and self._at_work < self._limit.value
            behind = len(self._waiting) + max(ahead, 0)
            if not (is_free and ahead < 0) and self._is_vain(ticket, behind, self._clock()):
                self._observer.refused(1, "wait")
                return Verdict.REFUSE
            if is_free:
                self._start(ticket)
            else:
                self._waiting.append(ticket)
            self._tell()
            return Verdict.START if is_free else Verdict.WAIT

    def begin(self, ticket: Ticket[Payload]) -> None:
        """A thread works on it from now on."""
        ticket.began = self._clock()

    def finish(self, ticket: Ticket[Payload], *, answered: bool) -> Turn[Payload]:
        """A search that had started is done; `answered`: with hits, not refused by what it asked.

        Returns those whose turn has come.
        """
        with self._lock:
            self._learn(ticket, self._clock(), answered)
            self._at_work -= 1
            turn = self._next()
            self._observer.refused(len(turn.refuse), "wait")
            self._tell()
            return turn

    def overdue(self) -> list[Ticket[Payload]]:
        """Remove those that have waited until their deadline, and return them."""
        with self._lock:
            now = self._clock()
            due = [ticket for ticket in self._waiting if ticket.deadline < now]
            for ticket in due:
                self._waiting.remove(ticket)
            if due:
                self._observer.refused(len(due), "deadline")
                self._tell()
            return due

    def _start(self, ticket: Ticket[Payload]) -> None:
        self._at_work += 1
        ticket.beside = self._at_work

    def _next(self) -> Turn[Payload]:
        """Those whose turn has come, and those whose turn would come too late as it is now."""
        turn, now = Turn[Payload](), self._clock()
        left: deque[Ticket[Payload]] = deque()
        for ticket in self._waiting:
            is_free = self._at_work < self._limit.value
            if self._is_vain(ticket, -1 if is_free else len(left), now):
                turn.refuse.append(ticket)
            elif is_free:
                self._start(ticket)
                turn.start.append(ticket)
            else:
                left.append(ticket)
        self._waiting = left
        return turn

    def _is_vain(self, ticket: Ticket[Payload], behind: int, now: float) -> bool:
        """Whether a search behind so many that wait, -1: at once, is answered too late.

        Not before a few have been answered: one may be no measure.
        """
        if self._times.count < min(FEW, self._limit.value):
            return ticket.deadline < now
        share = DEADLINE_SHARE.get(ticket.kind, SEARCH_SHARE)
        wait_s = (behind + 1) / self._limit.value * self._times.any_s
        ends = now + wait_s + self._times.of(ticket.kind)
        return ends > ticket.arrived + share * ticket.budget_s

    def _learn(self, ticket: Ticket[Payload], now: float, answered: bool) -> None:
        seconds = now - ticket.began
        # Of one that had waited for most of its time the lateness says nothing.
        is_late = now >= ticket.deadline and seconds > ticket.budget_s / 2
        if not (answered or is_late):
            return
        self._times.note(ticket.kind, seconds)
        beside = max(ticket.beside, self._at_work)
        self._limit.note(
            Worked(ticket.kind, ticket.began, now, ticket.budget_s, beside, late=is_late)
        )

    def _tell(self) -> None:
        self._observer.state(self._limit.value, self._at_work, len(self._waiting))
