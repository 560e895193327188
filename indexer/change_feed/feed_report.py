"""What a follower did, in numbers and in words."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from indexer.change_feed.application import ChangeOutcome
from indexer.change_feed.change import FeedChange
from indexer.change_feed.feed_file import FeedLine


@dataclass
class FeedReport:
    """Numbers of changes by what became of them; where the feed is."""

    feed: str
    upserts: int = 0  # applied, as are updates and deletes
    updates: int = 0
    deletes: int = 0
    old: int = 0  # a newer change was there
    missing: int = 0  # updates of items that are not there
    rejected: int = 0  # bad lines, and items that the cluster refused
    dead_letters: int = 0
    retries: int = 0  # of bulk requests that a busy or absent cluster did not take
    line: int = 0
    position: int = 0  # bytes
    behind_bytes: int = 0
    newest_change_age_s: float | None = None
    seconds: float = 0.0
    unread: dict[str, int] = field(default_factory=dict)  # values that can't be read, by field
    indexes: tuple[str, ...] = ()  # written to by the last batch
    _begun: float = field(default_factory=time.monotonic, repr=False)

    @property
    def applied(self) -> int:
        """Changes that count."""
        return self.upserts + self.updates + self.deletes

    def count(self, changes: Sequence[FeedChange], outcomes: Sequence[ChangeOutcome]) -> None:
        """Adds changes and what became of them."""
        by_status = Counter(outcome.status for outcome in outcomes)
        self.old += by_status["old"]
        self.missing += by_status["missing"]
        self.rejected += by_status["rejected"]
        pairs = zip(changes, outcomes, strict=True)
        applied = Counter(change.op for change, outcome in pairs if outcome.status == "applied")
        self.upserts += applied["upsert"]
        self.updates += applied["update"]
        self.deletes += applied["delete"]
        if changes:
            newest = max(change.version for change in changes)
            self.newest_change_age_s = round(time.time() - newest / 1000, 1)

    def reached(self, line: FeedLine, behind: int) -> None:
        """The feed is applied up to this line, with so many bytes left."""
        self.line, self.position, self.behind_bytes = line.number, line.end, behind
        self.seconds = round(time.monotonic() - self._begun, 1)

    def numbers(self) -> dict[str, Any]:
        """As JSON has it."""
        known = {name: value for name, value in asdict(self).items() if not name.startswith("_")}
        return {"feed": known.pop("feed"), "applied": self.applied, **known}

    def text(self) -> str:
        """One line for a log."""
        parts = [
            f"{self.feed}: applied {self.applied} ({self.upserts} upserts, {self.updates} updates, "
            f"{self.deletes} deletes), skipped as old {self.old}, not there {self.missing}, "
            f"rejected {self.rejected}; at line {self.line} (byte {self.position})"
        ]
        if self.behind_bytes:
            parts.append(f"{self.behind_bytes} bytes behind")
        if self.newest_change_age_s is not None:
            parts.append(f"the newest change was {self.newest_change_age_s:.1f} s old when applied")
        if self.retries:
            parts.append(f"{self.retries} requests were tried again")
        if self.unread:
            parts.append("unread " + ", ".join(f"{n}: {c}" for n, c in self.unread.items()))
        return ", ".join(parts)
