"""Which part of the data a query, or a user, belongs to: fixed by a hash, never by chance."""

import hashlib
from typing import Literal

Split = Literal["train", "validation", "test"]
TRAIN, VALIDATION = 0.6, 0.2  # the rest is the test


def split_of(key: str) -> Split:
    """60 % train, 20 % validation, 20 % test, by SHA-256 of the key in lower case.

    Spaces are evened out first, so that spellings of one query that differ in case or spaces only
    stand on the same side.
    """
    plain = " ".join(key.lower().split())
    digest = hashlib.sha256(plain.encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < TRAIN:
        return "train"
    return "validation" if place < TRAIN + VALIDATION else "test"


def in_split(key: str, split: str) -> bool:
    """Whether the key belongs to `split`; everything does to `all`."""
    return split == "all" or split_of(key) == split
