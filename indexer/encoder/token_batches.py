"""Tokenised texts in batches without padding: sorted by length, those of one length together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

Tokens = Sequence[Sequence[int]]


@dataclass(frozen=True)
class TokenBatch:
    """Texts for one forward pass.

    `places` are their places among all texts, in the order of the groups' rows; each group is
    int64 [n, T], texts of one length.
    """

    places: list[int]
    groups: list[NDArray[np.int64]]

    @property
    def size(self) -> int:
        """Tokens in all."""
        return sum(group.size for group in self.groups)


def token_batches(tokens: Tokens, most: int) -> Iterator[TokenBatch]:
    """All texts, longest first, in batches of at most `most` tokens (or of one text)."""
    order = sorted(range(len(tokens)), key=lambda place: -len(tokens[place]))
    start, held = 0, 0
    for end, place in enumerate(order):
        length = len(tokens[place])
        if end > start and held + length > most:
            yield _batch(tokens, order[start:end])
            start, held = end, 0
        held += length
    if order:
        yield _batch(tokens, order[start:])


def _batch(tokens: Tokens, places: list[int]) -> TokenBatch:
    groups = [
        np.array([tokens[place] for place in same], dtype=np.int64)
        for _, same in groupby(places, key=lambda place: len(tokens[place]))
    ]
    return TokenBatch(places, groups)
