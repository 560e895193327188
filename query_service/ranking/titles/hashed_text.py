"""A text as hashes of its words, letter n-grams and numbers, and many texts as one ragged array."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.words.spelling import spelled
from indexer.catalogue.words.terms import terms

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
SLOTS = 1 << 18  # of the hashes: of 60 in a title, none collides with one of a query's by chance
WORDS, PAIRS, LETTERS3, LETTERS4, NUMBERS = range(5)  # the kinds of hashes
KINDS = 5
CACHED = 20_000  # titles whose hashes are cached, about 1.5 kB each
_BASE, _PRIME = 257, 2_147_483_647  # of the polynomial that hashes letter n-grams
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:/\d+)?")
_ENDINGS = ("ings", "ing", "ed")
_TAKES_ES = ("ss", "x", "z", "ch", "sh")  # boxes, dishes; shoes and cases do not


@dataclass(frozen=True)
class HashedText:
    """The hashes of a text, by kind: its words, their bigrams, letter trigrams, 4-grams, numbers.

    `hashes` int64 [m]: the kinds one behind the other, each in the text's order; a hash of the kind
    k is in [k SLOTS, (k + 1) SLOTS). `sizes` [KINDS]: how many of each kind.
    """

    hashes: Ints
    sizes: tuple[int, ...]

    @property
    def words(self) -> Ints:
        """The hashes of its words, int64 [words]."""
        return self.hashes[: self.sizes[WORDS]]

    def distinct(self, kind: int) -> int:
        """How many different hashes of this kind it has."""
        start = sum(self.sizes[:kind])
        return len(np.unique(self.hashes[start : start + self.sizes[kind]]))


@lru_cache(maxsize=CACHED)
def hashed_text(text: str) -> HashedText:
    """The hashes of a title or a query; cached, since the same titles recur in many lists."""
    stems = [_stem(word) for word in terms(text)]
    words = _hashes(stems)
    letters = np.frombuffer(f" {' '.join(stems)} ".encode(), dtype=np.uint8).astype(np.int64)
    by_kind = (
        words,
        (words[:-1] * 31 + words[1:]) % SLOTS,
        _ngrams(letters, 3),
        _ngrams(letters, 4),
        _hashes(_NUMBER.findall(spelled(text))),
    )
    hashes = [each + kind * SLOTS for kind, each in enumerate(by_kind)]
    return HashedText(np.concatenate(hashes), tuple(map(len, hashes)))


@dataclass(frozen=True)
class RaggedHashes:
    """Hashes of n texts as one ragged array: `hashes` and the text of each, `owner`, int64 [m];
    `lengths` int64 [n].
    """

    hashes: Ints
    owner: Ints
    lengths: Ints

    @classmethod
    def of(cls, each: Sequence[Ints]) -> "RaggedHashes":
        """From the hashes of each of n >= 1 texts, int64 [hashes] each."""
        lengths = np.array([len(hashes) for hashes in each])
        return cls(np.concatenate(each), np.repeat(np.arange(len(each)), lengths), lengths)

    def positions(self, wanted: Ints) -> NDArray[np.intp]:
        """Indices into `hashes` of the wanted ones, intp, ascending."""
        table = np.zeros(KINDS * SLOTS, dtype=bool)
        table[wanted] = True
        return np.flatnonzero(table[self.hashes])

    def first_positions(self, query: Ints) -> Floats:
        """Position of the query's first hash in each text, 0 to 1, float32 [n]; 1 without any."""
        present = self.positions(query)
        first = np.full(len(self.lengths), np.inf)
        np.minimum.at(first, self.owner[present], present)
        starts = np.cumsum(self.lengths) - self.lengths
        share = (first - starts) / np.maximum(self.lengths, 1)
        return np.where(np.isfinite(first), share, 1.0).astype(np.float32)


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


def _ngrams(letters: Ints, length: int) -> Ints:
    """Hashes of all n-grams of `length` bytes."""
    count = max(len(letters) - length + 1, 0)
    hashes = np.zeros(count, dtype=np.int64)
    for offset in range(length):
        hashes = hashes * _BASE + letters[offset : offset + count]
    return hashes % _PRIME % SLOTS


def _hashes(words: Sequence[str]) -> Ints:
    return np.array([zlib.crc32(word.encode()) % SLOTS for word in words], dtype=np.int64)
