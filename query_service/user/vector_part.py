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
class VectorPart:
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

    def scaled(self, factor: float) -> "VectorPart":
        """The same sources, each row times `factor`."""
        return VectorPart((self.rows * np.float32(factor)).astype(np.float32), self.sources)

    def unit(self) -> "VectorPart":
        """At unit length; without rows when there is nothing in it."""
        if not self.known:
            return VectorPart(self.rows[:0], ())
        return self.scaled(1.0 / float(np.linalg.norm(self.vector)))


def mix(first: VectorPart, second: VectorPart, share: float) -> VectorPart:
    """share x first + (1 - share) x second at unit length; all weight to the one that is known."""
    if not second.known:
        return first.unit()
    if not first.known:
        return second.unit()
    rows = np.concatenate([first.scaled(share).rows, second.scaled(1.0 - share).rows])
    return VectorPart(rows, first.sources + second.sources).unit()


def vector_part(rows: Sequence[Vectors], sources: Sequence[Source], dims: int) -> VectorPart:
    """A part of the given rows, each float32 [dims], one per source."""
    if not rows:
        return nothing(dims)
    return VectorPart(np.stack(rows).astype(np.float32), tuple(sources))


def nothing(dims: int) -> VectorPart:
    """A part without input."""
    return VectorPart(np.zeros((0, dims), dtype=np.float32), ())
