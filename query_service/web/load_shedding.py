"""Which searches to refuse at once, because they would wait in the queue past their deadline.

A search that starts shortly before its deadline takes a thread and the engine's time, and is late
anyway. When more arrive than can be answered, nearly all of them would be; refused early, the
others are answered in time.
"""

import threading
from collections.abc import Mapping

# Of its deadline a request may use so much, since searches take longer the more of them run; what a
# page can do without is refused first.
DEADLINE_SHARE: Mapping[str, float] = {"/v1/suggest": 0.35, "/v1/recommend": 0.5}
SEARCH_SHARE = 0.7
RECENT = 0.1  # weight of the latest search in the mean time


class LoadShedding:
    """Knows how long searches take. Safe to use from many threads."""

    def __init__(self, threads: int) -> None:
        """`threads`: how many searches are answered at the same time."""
        self._threads = threads
        self._mean_s = 0.0
        self._lock = threading.Lock()

    def answered(self, seconds: float) -> None:
        """Note the time of one search, without its time in the queue."""
        with self._lock:
            weight = RECENT if self._mean_s else 1.0
            self._mean_s += weight * (seconds - self._mean_s)

    def refuses(self, path: str, budget_s: float, ahead: int) -> bool:
        """Whether a search behind `ahead` others can't be answered in `budget_s` seconds.

        One that finds a free thread (`ahead` < 0) is never refused: the mean may be that of an
        earlier overload.
        """
        if ahead < 0:
            return False
        expected_s = (ahead / self._threads + 1) * self._mean_s
        return expected_s > DEADLINE_SHARE.get(path, SEARCH_SHARE) * budget_s
