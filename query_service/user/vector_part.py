"""A part of the user vector as a sum of rows, one per source, so that each source has its share."""

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
        """The sum of the rows, float32 [dims]."""
        total: Vectors = self.rows.sum(axis=0)
        return total

    @property
    def known(self) -> bool:
        """Whether the vector is not zero; a zero vector never reaches a cosine."""
        return len(self.rows) > 0 and float(np.linalg.norm(self.vector)) > TINY

    def scaled(self, factor: float) -> "VectorPart":
        """The same sources, each row times `factor`."""
        return VectorPart((self.rows * np.float32(factor)).astype(np.float32), self.sources)

    def unit(self) -> "VectorPart":
        """The part at unit length; without rows when the vector is zero."""
        if not self.known:
            return VectorPart(self.rows[:0], ())
        return self.scaled(1.0 / float(np.linalg.norm(self.vector)))


def vector_part(rows: Sequence[Vectors], sources: Sequence[Source], dims: int) -> VectorPart:
    """The part with these rows, each float32 [dims], one per source; without rows: no input."""
    return VectorPart(np.array(rows, dtype=np.float32).reshape(-1, dims), tuple(sources))


def mix(first: VectorPart, second: VectorPart, share: float) -> VectorPart:
    """share x first + (1 - share) x second at unit length; all weight to the one that is known."""
    if not second.known:
        return first.unit()
    if not first.known:
        return second.unit()
    rows = np.concatenate([first.scaled(share).rows, second.scaled(1.0 - share).rows])
    return VectorPart(rows, first.sources + second.sources).unit()
