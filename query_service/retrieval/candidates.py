"""The candidates of the legs, as arrays: what the re-ranker scores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WORDS, MEANING, PERSON = "words", "meaning", "person"
LEGS = (WORDS, MEANING, PERSON)


@dataclass(frozen=True)
class Candidates:
    """n candidates. A leg's score is NaN where that leg did not return the item.

    `legs` float32 [n, 3] in the order of LEGS: BM25, and inner products; `vectors` float32
    [n, dims]; `popularity` float32 [n], as in the catalogue; `price` float32 [n], NaN unknown;
    `brands`, `categories` and `titles` per item, as in the catalogue; titles are empty when the
    re-ranker does not read them.
    """

    ids: tuple[str, ...]
    legs: NDArray[np.float32]
    vectors: NDArray[np.float32]
    popularity: NDArray[np.float32]
    price: NDArray[np.float32]
    brands: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    titles: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, order: NDArray[np.intp]) -> "Candidates":
        """The candidates at `order`, in that order."""
        return Candidates(
            ids=tuple(self.ids[i] for i in order),
            legs=self.legs[order],
            vectors=self.vectors[order],
            popularity=self.popularity[order],
            price=self.price[order],
            brands=tuple(self.brands[i] for i in order),
            categories=tuple(self.categories[i] for i in order),
            titles=tuple(self.titles[i] for i in order),
        )

    @classmethod
    def none(cls, dims: int) -> "Candidates":
        """No candidates at all."""
        empty = np.zeros(0, dtype=np.float32)
        no_legs = np.zeros((0, len(LEGS)), np.float32)
        return cls((), no_legs, np.zeros((0, dims), np.float32), empty, empty, (), (), ())
