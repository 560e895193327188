"""A service with so many cores and a clock of its own, behind an `Admission`."""

import heapq
import random
from dataclasses import dataclass, field
from itertools import count

from query_service.web.load.admission import Admission, Ticket, Verdict
from query_service.web.load.concurrency_limit import ConcurrencyLimit

SEARCH = "/v1/search"
GRACE_S = 0.001


class Fixed(ConcurrencyLimit):
    """A limit that learns nothing."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self._limit = float(most)

    def note(self, worked: object) -> None:
        """Nothing."""


@dataclass
class Job:
    """A search at work: seconds of a core that it still needs."""

    ticket: Ticket[int]
    left_s: float


@dataclass
class SimulatedService:
    """Searches share `cores`; each needs about `work_s` of one, and never uses more than one.

    Work is given up at the deadline, as the engine does.
    """

    limit: ConcurrencyLimit
    cores: float = 2.0
    work_s: float = 0.05
    spread: float = 0.2
    now: float = 1000.0
    good: int = 0
    late: int = 0
    refused: int = 0
    took_s: list[float] = field(default_factory=list)  # of good ones, from arrival

    def __post_init__(self) -> None:
        self.rng = random.Random(7)
        self.admission = Admission[int](self.limit, clock=lambda: self.now)
        self.jobs: list[Job] = []
        self._arrivals: list[tuple[float, int, float, str]] = []
        self._number = count()

    def offer(self, rate: float, seconds: float, deadline_s: float, kind: str = SEARCH) -> None:
        """Independent arrivals, so many a second."""
        at = self.now
        while (at := at + self.rng.expovariate(rate)) < self.now + seconds:
            heapq.heappush(self._arrivals, (at, next(self._number), deadline_s, kind))

    def burst(self, size: int, deadline_s: float, kind: str = SEARCH) -> None:
        """So many at once, now."""
        for _ in range(size):
            heapq.heappush(self._arrivals, (self.now, next(self._number), deadline_s, kind))

    def run(self) -> "SimulatedService":
        """Go on until everything is answered."""
        while self._arrivals or self.jobs:
            self._advance()
            self._arrive()
            self._end()
            self.refused += len(self.admission.overdue())
        return self

    def _speed(self) -> float:
        return min(1.0, self.cores / max(len(self.jobs), 1))

    def _advance(self) -> None:
        """To the next arrival or end."""
        ends = [
            min(self.now + job.left_s / self._speed(), max(job.ticket.deadline, self.now))
            for job in self.jobs
        ]
        then = min([*ends, *(at for at, *_ in self._arrivals[:1])])
        for job in self.jobs:
            job.left_s -= (then - self.now) * self._speed()
        self.now = then

    def _arrive(self) -> None:
        while self._arrivals and self._arrivals[0][0] <= self.now:
            at, number, deadline_s, kind = heapq.heappop(self._arrivals)
            ticket = Ticket(kind, at, at + deadline_s, number)
            verdict = self.admission.arrive(ticket)
            if verdict is Verdict.START:
                self._work(ticket)
            self.refused += verdict is Verdict.REFUSE

    def _work(self, ticket: Ticket[int]) -> None:
        self.admission.begin(ticket)
        spread = self.rng.uniform(1 - self.spread, 1 + self.spread)
        self.jobs.append(Job(ticket, self.work_s * spread))

    def _end(self) -> None:
        ended = [j for j in self.jobs if j.left_s <= 1e-9 or j.ticket.deadline <= self.now]
        for job in ended:
            self.jobs.remove(job)
            is_good = job.left_s <= 1e-9 and self.now <= job.ticket.deadline + GRACE_S
            self.good += is_good
            self.late += not is_good
            if is_good:
                self.took_s.append(self.now - job.ticket.arrived)
            turn = self.admission.finish(job.ticket, answered=is_good)
            self.refused += len(turn.refuse)
            for ticket in turn.start:
                self._work(ticket)
