"""A text as hashes of its words, letter n-grams and numbers, and many texts as one ragged array."""

import re
import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.words.spelling import spelled
from indexer.catalogue.words.terms import terms

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
SLOTS = 1 << 18  # of the hashes: of 60 in a title, none collides with one of a query's by chance
WORDS, PAIRS, LETTERS3, LETTERS4, NUMBERS = range(5)  # the kinds of hashes
KINDS = 5
CACHED = 50_000  # titles whose hashes are cached, about 1.1 kB each
_BASE, _PRIME = 257, 2_147_483_647  # of the polynomial that hashes letter n-grams
_FIRST = np.arange(KINDS) * SLOTS  # of each kind's hashes
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:/\d+)?")
_ENDINGS = ("ings", "ing", "ed")
_TAKES_ES = ("ss", "x", "z", "ch", "sh")  # boxes, dishes; shoes and cases do not
_scratch = threading.local()


@dataclass(frozen=True)
class HashedText:
    """The hashes of a text, by kind: its words, their bigrams, letter trigrams, 4-grams, numbers.

    A hash of the kind k is in [k SLOTS, (k + 1) SLOTS). `words` int32 [words]: in the text's order.
    `distinct` int32 [m]: all kinds, each hash once, ascending. `sizes` int32 [KINDS]: how many the
    text has of each kind, again and again; `distinct_sizes` int32 [KINDS]: how many different ones.
    """

    words: Ints
    distinct: Ints
    sizes: Ints
    distinct_sizes: Ints

    @property
    def distinct_words(self) -> Ints:
        """The hashes of its words, each once: the first kind."""
        return self.distinct[: self.distinct_sizes[WORDS]]


@lru_cache(maxsize=CACHED)
def hashed_text(text: str) -> HashedText:
    """The hashes of a title or a query; cached, since the same titles recur in many lists."""
    stems = [_stem(word) for word in terms(text)]
    words = _hashes(stems)
    letters = np.frombuffer(f" {' '.join(stems)} ".encode(), dtype=np.uint8).astype(np.int64)
    trigrams = (letters[:-2] * _BASE + letters[1:-1]) * _BASE + letters[2:]
    by_kind = (
        words,
        (words[:-1] * 31 + words[1:]) % SLOTS,
        trigrams % _PRIME % SLOTS,
        (trigrams[:-1] * _BASE + letters[3:]) % _PRIME % SLOTS,
        _hashes(_NUMBER.findall(spelled(text))),
    )
    sizes = np.array([len(hashes) for hashes in by_kind], dtype=np.int32)
    distinct = np.concatenate(by_kind) + np.repeat(_FIRST, sizes)
    distinct.sort()
    first = np.ones(len(distinct), dtype=np.bool_)
    np.not_equal(distinct[1:], distinct[:-1], out=first[1:])
    distinct = distinct[first].astype(np.int32)
    distinct_sizes = np.bincount(distinct // SLOTS, minlength=KINDS).astype(np.int32)
    return HashedText(words.astype(np.int32), distinct, sizes, distinct_sizes)


@dataclass(frozen=True)
class RaggedHashes:
    """Hashes of n texts as one ragged array: `hashes` int32 and the text of each, `owner`, int64
    [m]; `lengths` int [n].
    """

    hashes: Ints
    owner: NDArray[np.int64]
    lengths: NDArray[Any]

    @classmethod
    def of(cls, hashes: Ints, lengths: NDArray[Any]) -> "RaggedHashes":
        """From the hashes of n >= 1 texts, one text behind the other, and how many each has."""
        return cls(hashes, np.repeat(np.arange(len(lengths)), lengths), lengths)

    def positions(self, wanted: Ints) -> NDArray[np.intp]:
        """Indices into `hashes` of the wanted ones, intp, ascending."""
        table = _table()
        table[wanted] = True
        found = np.flatnonzero(table[self.hashes])
        table[wanted] = False
        return found

    def first_positions(self, query: Ints) -> Floats:
        """Position of the query's first hash in each text, 0 to 1, float32 [n]; 1 without any."""
        present = self.positions(query)
        first = np.full(len(self.lengths), np.inf)
        np.minimum.at(first, self.owner[present], present)
        starts = np.cumsum(self.lengths) - self.lengths
        share = (first - starts) / np.maximum(self.lengths, 1)
        return np.where(np.isfinite(first), share, 1.0).astype(np.float32)


def _table() -> NDArray[np.bool_]:
    """False for each hash, an array per thread: who sets some resets them."""
    if not hasattr(_scratch, "table"):
        _scratch.table = np.zeros(KINDS * SLOTS, dtype=np.bool_)
    table: NDArray[np.bool_] = _scratch.table
    return table


@lru_cache(maxsize=CACHED)
def _stem(word: str) -> str:
    """The word without the ending of a plural or a verb form, the same for queries and titles."""
    word = _singular(word)
    endings = (e for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= 3)
    return word.removesuffix(next(endings, ""))


def _singular(word: str) -> str:
    """Without the ending of an English plural: batteries, boxes, shoes; not of glass, bus."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith("es") and word[:-2].endswith(_TAKES_ES):
        return word[:-2]
    return word[:-1]


def _hashes(words: Sequence[str]) -> NDArray[np.int64]:
    return np.array([zlib.crc32(word.encode()) % SLOTS for word in words], dtype=np.int64)
