"""How long searches take now, while a queue lasts."""

from dataclasses import dataclass

RECENT = 0.2  # least weight of the latest


@dataclass
class Mean:
    """A mean in which the latest values weigh most."""

    seconds: float = 0.0
    count: int = 0

    def note(self, seconds: float) -> None:
        """Add a value."""
        self.count += 1
        self.seconds += max(RECENT, 1 / self.count) * (seconds - self.seconds)


class RecentTimes:
    """Mean seconds of searches, of each kind and of all."""

    def __init__(self) -> None:
        self._of_kind: dict[str, Mean] = {}
        self._of_any = Mean()

    @property
    def count(self) -> int:
        """How many searches it knows."""
        return self._of_any.count

    @property
    def any_s(self) -> float:
        """Seconds of a search of any kind; 0 before one is known."""
        return self._of_any.seconds

    def of(self, kind: str) -> float:
        """Seconds of a search of a kind; of any where none of it is known."""
        known = self._of_kind.get(kind)
        return self.any_s if known is None else known.seconds

    def note(self, kind: str, seconds: float) -> None:
        """Learn from one search."""
        self._of_any.note(seconds)
        self._of_kind.setdefault(kind, Mean()).note(seconds)
