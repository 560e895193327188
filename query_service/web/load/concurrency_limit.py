"""How many searches to work on at once, by how long they take.

With more of them at work than the machines have cores for, each takes longer and none is answered
earlier; past their deadlines all of it was in vain. The limit follows the ratio of the time that a
search takes to the time that it takes (nearly) alone, as in the gradients of Netflix's
concurrency-limits and of Envoy, and falls at once where searches are late.
"""

import math
from dataclasses import dataclass
from statistics import median

FIRST = 4.0  # before anything is known; a gradient of LEAST_GRADIENT leads to it, too
ALONE = 2  # so many at work hardly slow each other down
TOLERANCE = 1.5  # times as long as alone: no reason to lower the limit
LEAST_GRADIENT = 0.5
HURRIED = 0.5  # share of the deadline that searches may take where more of them are tried
WINDOW = 10  # answers of which the median counts; fewer where few are at work
SMOOTHING = 0.5  # share of the way to what a window says
BACK_OFF = 0.7  # at a late search
RECENT = 0.1  # weight of the latest in the time alone
FASTER = 0.02  # of one that was faster beside others


@dataclass(frozen=True)
class Worked:
    """One search that was worked on: times in seconds of any clock that does not jump.

    `budget_s`: from its arrival to its deadline. `beside`: how many were at work, itself included,
    as it began or ended. `late`: past its deadline, and not for the time that it had waited.
    """

    kind: str
    began: float
    ended: float
    budget_s: float
    beside: int
    late: bool = False

    @property
    def seconds(self) -> float:
        """How long it took, without waiting."""
        return self.ended - self.began


class ConcurrencyLimit:
    """The limit of one process, between 1 and `most`. Not safe to use from many threads."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._limit = min(FIRST, float(most))
        self._alone_s: dict[str, float] = {}
        self._ratios: list[float] = []
        self._shares: list[float] = []  # of their deadlines
        self._reached = False  # in this window
        self._backed_off_at = -math.inf

    @property
    def value(self) -> int:
        """How many searches may be at work."""
        return int(self._limit)

    def note(self, worked: Worked) -> None:
        """Learn from one search that was answered, or late."""
        if worked.late and self._is_slow(worked):
            self._back_off(worked)
            return
        self._learn_alone(worked)
        self._ratios.append(worked.seconds / max(self._alone_s[worked.kind], 1e-6))
        self._shares.append(worked.seconds / worked.budget_s)
        self._reached |= worked.beside >= self.value
        if len(self._ratios) >= min(WINDOW, 2 + 2 * self.value):
            self._adapt()

    def _is_slow(self, worked: Worked) -> bool:
        """Whether it took long for its kind: else its deadline was too short for any load."""
        return worked.seconds > 2 * self._alone_s.get(worked.kind, 0.0)

    def _back_off(self, worked: Worked) -> None:
        """Lower the limit, once for all that were at work together."""
        if worked.began < self._backed_off_at:
            return
        self._limit = max(self._limit * BACK_OFF, 1.0)
        self._backed_off_at = worked.ended
        self._begin_window()

    def _learn_alone(self, worked: Worked) -> None:
        alone_s = self._alone_s.setdefault(worked.kind, worked.seconds)
        difference_s = worked.seconds - alone_s
        if worked.beside <= ALONE:
            alone_s += RECENT * difference_s
        elif difference_s < 0:
            alone_s += FASTER * difference_s
        self._alone_s[worked.kind] = alone_s

    def _adapt(self) -> None:
        gradient = min(max(TOLERANCE / median(self._ratios), LEAST_GRADIENT), 1.0)
        target = gradient * self._limit + math.sqrt(self._limit)
        # What was not tried says nothing, and what nearly is too late needs no trial.
        may_grow = self._reached and median(self._shares) <= HURRIED
        if target < self._limit or may_grow:
            limit = self._limit + SMOOTHING * (target - self._limit)
            self._limit = min(max(limit, 1.0), float(self.most))
        self._begin_window()

    def _begin_window(self) -> None:
        self._ratios, self._shares, self._reached = [], [], False
