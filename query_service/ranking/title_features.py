"""What titles say: how well each answers the query, and what it shares with the visitor's events.

BM25 adds up words; it does not say whether all of them are there, whether a size is another one, or
whether letters differ in the end of a word only. Titles are turned into numbers (hashes of words,
letters and digits) once and kept; the signals of a list are then a few array operations.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.terms import terms

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
ANSWER = (
    "cover", "cover_rare", "missing_rare", "letters3", "letters4", "of_title3", "of_title4",
    "numbers", "numbers_missing", "pairs", "last_word", "first_place", "of_title", "length",
)  # fmt: skip
SHARED = ("shared_max", "shared_last", "shared", "shared_part")
SLOTS = 1 << 18  # of the hashes: of 60 in a title, none falls on one of a query's by chance
KEPT = 20_000  # titles whose hashes are kept, about 1.5 kB each
_BASE, _PRIME = 257, 2_147_483_647  # of the polynomial that hashes runs of letters
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:/\d+)?")
_ENDINGS = ("ings", "ing", "ies", "es", "s", "ed")


@dataclass(frozen=True)
class Hashed:
    """A text as hashes, int64 each, in order: of its words, of neighbouring words, of runs of 3 and
    of 4 letters, and of numbers.
    """

    words: Ints
    pairs: Ints
    letters3: Ints
    letters4: Ints
    numbers: Ints


@lru_cache(maxsize=KEPT)
def hashed(text: str) -> Hashed:
    """The hashes of a title or a query; kept, since the same titles come again and again."""
    stems = [_stem(word) for word in terms(text)]
    words = _hashes(stems)
    signs = np.frombuffer(f" {' '.join(stems)} ".encode(), dtype=np.uint8).astype(np.int64)
    return Hashed(
        words,
        (words[:-1] * 31 + words[1:]) % SLOTS,
        _runs(signs, 3),
        _runs(signs, 4),
        _hashes(_NUMBER.findall(text)),
    )


@dataclass(frozen=True)
class EndToEnd:
    """The hashes of one sort of n titles, one title after the other.

    `hashes` and `owner`, the title of each, int64 [m]; `lengths` int64 [n].
    """

    hashes: Ints
    owner: Ints
    lengths: Ints

    @classmethod
    def of(cls, each: Sequence[Ints]) -> "EndToEnd":
        """From the hashes of each title, n >= 1."""
        lengths = np.array([len(hashes) for hashes in each])
        return cls(np.concatenate(each), np.repeat(np.arange(len(each)), lengths), lengths)

    def overlap(self, wanted: Ints) -> Floats:
        """How many of `wanted` each title has, counted once, float32 [n]."""
        there = self._places(wanted)
        once = np.unique(self.owner[there] * SLOTS + self.hashes[there])
        return np.bincount(once // SLOTS, minlength=len(self.lengths)).astype(np.float32)

    def first_places(self, wanted: Ints) -> Floats:
        """Where the first of `wanted` stands in each title, 0 to 1; 1 without any, float32 [n]."""
        there = self._places(wanted)
        first = np.full(len(self.lengths), np.inf)
        np.minimum.at(first, self.owner[there], there)
        begins = np.cumsum(self.lengths) - self.lengths
        share = (first - begins) / np.maximum(self.lengths, 1)
        return np.where(np.isfinite(first), share, 1.0).astype(np.float32)

    def _places(self, wanted: Ints) -> NDArray[np.intp]:
        table = np.zeros(SLOTS, dtype=bool)
        table[wanted] = True
        return np.flatnonzero(table[self.hashes])


@dataclass(frozen=True)
class Titles:
    """n titles as a table of their words: `has` float32 [n, U], 1 where a title has the word.

    `words` int64 [U], sorted, are their hashes; `rarity` float32 [U]: log of the list's length over
    how many of its titles have it, so that a word that all have (the query's) says little.
    `in_order`: the words as they stand in the titles.
    """

    parts: tuple[Hashed, ...]
    in_order: EndToEnd
    words: Ints
    has: Floats
    rarity: Floats

    @classmethod
    def of(cls, titles: Sequence[str]) -> "Titles":
        """From the candidates' titles, n >= 1."""
        parts = tuple(hashed(title) for title in titles)
        in_order = EndToEnd.of([part.words for part in parts])
        words, column = np.unique(in_order.hashes, return_inverse=True)
        has = np.zeros((len(parts), len(words)), dtype=np.float32)
        has[in_order.owner, column] = 1
        rarity = np.log((len(parts) + 1) / (has.sum(axis=0) + 1)).astype(np.float32)
        return cls(parts, in_order, words, has, rarity)

    def having(self, words: Ints) -> tuple[Floats, Floats]:
        """Which of n titles have which of m words, float32 [n, m], and the words' rarity [m]."""
        known, columns = self._columns(words)
        hits = np.zeros((len(self.parts), len(words)), dtype=np.float32)
        hits[:, known] = self.has[:, columns]
        rarity = np.full(len(words), np.log(len(self.parts) + 1.0), dtype=np.float32)
        rarity[known] = self.rarity[columns]
        return hits, rarity

    def rows_of(self, texts: Sequence[Hashed]) -> Floats:
        """Other texts in the same columns, float32 [texts, U]; their other words are left out."""
        found = np.zeros((len(texts), len(self.words)), dtype=np.float32)
        for row, text in zip(found, texts, strict=True):
            row[self._columns(text.words)[1]] = 1
        return found

    def _columns(self, words: Ints) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Places in `words` of those that the table has, and their columns there."""
        at = np.searchsorted(self.words, words)
        known = np.flatnonzero(np.append(self.words, -1)[at] == words)
        return known, at[known]


def answers(titles: Titles, query_text: str) -> Floats:
    """How each title answers the query, float32 [n, len(ANSWER)]; zeros without a query."""
    query = hashed(query_text)
    if not len(query.words):
        return np.zeros((len(titles.parts), len(ANSWER)), dtype=np.float32)
    lengths = np.maximum(titles.in_order.lengths, 1)
    wanted = np.unique(query.words)
    hits, rarity = titles.having(wanted)  # [n, wanted], [wanted]
    missing = (1 - hits) @ rarity
    runs3 = EndToEnd.of([part.letters3 for part in titles.parts])
    runs4 = EndToEnd.of([part.letters4 for part in titles.parts])
    letters3, letters4 = runs3.overlap(query.letters3), runs4.overlap(query.letters4)
    numbers = EndToEnd.of([part.numbers for part in titles.parts]).overlap(query.numbers)
    pairs = EndToEnd.of([part.pairs for part in titles.parts]).overlap(query.pairs)
    told = [
        hits.mean(axis=1),
        1 - missing / max(float(rarity.sum()), 1e-6),
        missing,
        letters3 / max(len(np.unique(query.letters3)), 1),
        letters4 / max(len(np.unique(query.letters4)), 1),
        letters3 / np.maximum(runs3.lengths, 1),
        letters4 / np.maximum(runs4.lengths, 1),
        numbers / max(len(query.numbers), 1),
        len(np.unique(query.numbers)) - numbers,
        pairs / max(len(query.pairs), 1),
        hits[:, wanted == query.words[-1]][:, 0],
        titles.in_order.first_places(wanted),
        hits.sum(axis=1) / lengths,
        lengths / 20,
    ]
    return np.stack(told, axis=1).astype(np.float32)


def in_common(titles: Titles, event_titles: Sequence[str], query_text: str) -> Floats:
    """Rarity of the words that each title has in common with each event's, float32 [n, E].

    The query's own words do not count: what was asked for says nothing of taste.
    """
    worth = titles.rarity * (1 - titles.rows_of([hashed(query_text)])[0])
    common: Floats = (titles.has * worth) @ titles.rows_of([hashed(t) for t in event_titles]).T
    return common


def shared_signals(titles: Titles, common: Floats, weights: Floats) -> Floats:
    """Of `in_common` [n, E] and the events' weights [E]: float32 [n, len(SHARED)]."""
    found = np.zeros((len(common), len(SHARED)), dtype=np.float32)
    if not common.shape[1]:
        return found
    liked = common[:, weights > 0]
    found[:, 0] = liked.max(axis=1, initial=0)
    found[:, 1] = common[:, -1] * np.sign(weights[-1])
    found[:, 2] = common @ weights * np.sqrt(common.shape[1])
    found[:, 3] = found[:, 0] / (titles.has @ titles.rarity + 1)
    return found


def _stem(word: str) -> str:
    """Without the ending of a plural or a form of a verb: near enough, alike in all titles."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _runs(signs: Ints, length: int) -> Ints:
    """Hashes of all runs of so many bytes."""
    count = max(len(signs) - length + 1, 0)
    total = np.zeros(count, dtype=np.int64)
    for place in range(length):
        total = total * _BASE + signs[place : place + count]
    return total % _PRIME % SLOTS


def _hashes(words: Sequence[str]) -> Ints:
    return np.array([zlib.crc32(word.encode()) % SLOTS for word in words], dtype=np.int64)
