"""A part of the user vector as the sum of what its sources give, so that shares can be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
SourceKind = Literal["query", "search_history", "event", "user_history", "model"]
TINY = 1e-6


@dataclass(frozen=True)
class Source:
    """Where a share of R comes from. `index` is into the visitor's queries or events."""

    kind: SourceKind
    index: int = -1


@dataclass(frozen=True)
class Part:
    """A vector as the sum of rows, one per source: float32 [n, dims]; no rows: no input."""

    rows: Vectors
    sources: tuple[Source, ...]

    @property
    def vector(self) -> Vectors:
        """The part itself, float32 [dims]."""
        total: Vectors = self.rows.sum(axis=0)
        return total

    @property
    def known(self) -> bool:
        """Whether there is anything in it; a zero vector never reaches a cosine."""
        return len(self.rows) > 0 and float(np.linalg.norm(self.vector)) > TINY

    def scaled(self, factor: float) -> "Part":
        """The same sources, each row times `factor`."""
        return Part((self.rows * np.float32(factor)).astype(np.float32), self.sources)

    def unit(self) -> "Part":
        """At unit length; without rows when there is nothing in it."""
        if not self.known:
            return Part(self.rows[:0], ())
        return self.scaled(1.0 / float(np.linalg.norm(self.vector)))


def mix(first: Part, second: Part, share: float) -> Part:
    """share x first + (1 - share) x second at unit length; all weight to the one that is known."""
    if not second.known:
        return first.unit()
    if not first.known:
        return second.unit()
    rows = np.concatenate([first.scaled(share).rows, second.scaled(1.0 - share).rows])
    return Part(rows, first.sources + second.sources).unit()


def part_of(rows: Sequence[Vectors], sources: Sequence[Source], dims: int) -> Part:
    """A part of the given rows, each float32 [dims], one per source."""
    if not rows:
        return nothing(dims)
    return Part(np.stack(rows).astype(np.float32), tuple(sources))


def nothing(dims: int) -> Part:
    """A part without input."""
    return Part(np.zeros((0, dims), dtype=np.float32), ())
