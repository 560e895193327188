"""Batches of tokenised texts without padding: sorted by length, in groups of equal length."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

Tokens = Sequence[Sequence[int]]


@dataclass(frozen=True)
class TokenBatch:
    """Texts for one forward pass.

    Each group is int64 [n, T], texts of one length. `rows` are the texts' indices in the input, in
    the order of the groups' rows.
    """

    rows: list[int]
    groups: list[NDArray[np.int64]]


def token_batches(tokens: Tokens, most: int) -> Iterator[TokenBatch]:
    """All texts, longest first, in batches of at most `most` tokens (or of one text)."""
    order = sorted(range(len(tokens)), key=lambda row: -len(tokens[row]))
    start, size = 0, 0
    for end, row in enumerate(order):
        length = len(tokens[row])
        if end > start and size + length > most:
            yield _batch(tokens, order[start:end])
            start, size = end, 0
        size += length
    if order:
        yield _batch(tokens, order[start:])


def _batch(tokens: Tokens, rows: list[int]) -> TokenBatch:
    groups = [
        np.array([tokens[row] for row in group], dtype=np.int64)
        for _, group in groupby(rows, key=lambda row: len(tokens[row]))
    ]
    return TokenBatch(rows, groups)
