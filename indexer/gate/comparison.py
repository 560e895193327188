"""Two indexes' answers to the same queries, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.gate.recent_queries import RecentQuery
from indexer.gate.replay import DEPTH, IndexAnswer, Replay
from indexer.index.generations import Generation


def overlap(before: IndexAnswer, after: IndexAnswer) -> float:
    """The share of the first DEPTH hits that both have, of the longer list; 1 if both are empty."""
    one, other = set(before.item_ids[:DEPTH]), set(after.item_ids[:DEPTH])
    longer = max(len(one), len(other))
    return len(one & other) / longer if longer else 1.0


@dataclass(frozen=True)
class ComparedQuery:
    """A query and the two answers to it."""

    query: RecentQuery
    before: IndexAnswer
    after: IndexAnswer

    @property
    def overlap(self) -> float:
        """overlap@10 of the two answers."""
        return overlap(self.before, self.after)

    @property
    def newly_empty(self) -> bool:
        """Whether it had hits before, and has none now."""
        return bool(self.before.item_ids) and not self.after.item_ids

    @property
    def same_first(self) -> bool:
        """Whether the first hit is the same item."""
        return self.before.item_ids[:1] == self.after.item_ids[:1]


@dataclass(frozen=True)
class Comparison:
    """The answers of two indexes, by name, to the queries of the log."""

    before: str
    after: str
    rows: tuple[ComparedQuery, ...]
    days: float

    def first(self, count: int) -> "Comparison":
        """The same of the first queries alone."""
        return replace(self, rows=self.rows[:count])

    @property
    def overlap(self) -> float:
        """The mean overlap@10; 1 without queries."""
        return sum(row.overlap for row in self.rows) / len(self.rows) if self.rows else 1.0

    @property
    def newly_empty(self) -> int:
        """Queries that had hits before and have none now."""
        return sum(row.newly_empty for row in self.rows)

    @property
    def other_first(self) -> int:
        """Queries whose first hit is another item."""
        return sum(not row.same_first for row in self.rows)

    @property
    def shown(self) -> tuple[ComparedQuery, ...]:
        """Those that may be shown, the most different first."""
        rows = [row for row in self.rows if row.query.shown]
        return tuple(sorted(rows, key=lambda r: (r.overlap, -r.query.times, r.query.text)))

    @property
    def hidden(self) -> tuple[ComparedQuery, ...]:
        """Those that too few sessions typed: only their figures are reported."""
        return tuple(row for row in self.rows if not row.query.shown)


def compare(
    replay: Replay,
    before: Generation,
    after: Generation,
    queries: Sequence[RecentQuery],
    days: float,
) -> Comparison:
    """Asks both indexes. Raises LiveIntentError where one can't be asked."""
    texts = [query.text for query in queries]
    old, new = replay.answers(before, texts), replay.answers(after, texts)
    rows = zip(queries, old, new, strict=True)
    return Comparison(before.index, after.index, tuple(ComparedQuery(*row) for row in rows), days)
