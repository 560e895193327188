"""Train, validation or test: a hash of the query, or of the user, decides, never chance."""

import hashlib
from typing import Literal

Split = Literal["train", "validation", "test"]
TRAIN, VALIDATION = 0.6, 0.2  # shares; the rest is the test split


def split_of(key: str) -> Split:
    """60 % train, 20 % validation, 20 % test, by SHA-256 of the key in lower case.

    White space is normalised first: spellings of one query that differ only in case or spaces are
    in the same split.
    """
    normalised = " ".join(key.lower().split())
    digest = hashlib.sha256(normalised.encode()).digest()
    fraction = int.from_bytes(digest[:8], "big") / 2**64
    if fraction < TRAIN:
        return "train"
    return "validation" if fraction < TRAIN + VALIDATION else "test"


def in_split(key: str, split: str) -> bool:
    """Whether the key belongs to `split`; every key belongs to `all`."""
    return split == "all" or split_of(key) == split
