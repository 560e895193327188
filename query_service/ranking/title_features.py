"""What titles say: how well each matches the query, and what it shares with the visitor's events.

BM25 adds up terms; it does not say whether all of them are there, whether a size is another one, or
whether only the end of a word differs. Titles are turned into numbers once and kept (hashes of
words, letter n-grams and numbers); the features of a list are then a few array operations.
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
SLOTS = 1 << 18  # of the hashes: of 60 in a title, none falls on one of a query's by chance
KEPT = 20_000  # titles whose hashes are kept, about 1.5 kB each
_BASE, _PRIME = 257, 2_147_483_647  # of the polynomial that hashes letter n-grams
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:/\d+)?")
_ENDINGS = ("ings", "ing", "ies", "es", "s", "ed")


@dataclass(frozen=True)
class TitleMatch:
    """How each title matches the query, float32 [n] each; zeros without a query.

    Shares are of the query's, or of the title's (`of_title`).
    """

    cover: Floats  # share of the query's words that the title has
    cover_rare: Floats  # the same by rarity
    missing_rare: Floats  # rarity of the words that it lacks
    letters3: Floats  # share of the query's letter trigrams
    letters4: Floats
    of_title3: Floats  # share of the title's letter trigrams that the query has
    of_title4: Floats
    numbers: Floats  # share of the query's numbers
    numbers_missing: Floats
    pairs: Floats  # share of the query's bigrams
    last_word: Floats  # whether the title has the query's last word
    first_place: Floats  # where the first of the query's words is in the title, 0 to 1
    of_title: Floats  # words of the query over words of the title
    length: Floats  # words of the title, in twenties


@dataclass(frozen=True)
class TitleOverlap:
    """What each title has in common with the events', beside the query; float32 [n] each."""

    shared_max: Floats  # with the positive event that it shares most with
    shared_last: Floats  # with the last event, negative when that counts against
    shared: Floats  # weighted sum over the events
    shared_part: Floats  # `shared_max` over the rarity of all words of the title


@dataclass(frozen=True)
class HashedText:
    """A text as hashes, int64 each, in order: of its words, word bigrams, letter trigrams, letter
    4-grams and numbers.
    """

    words: Ints
    pairs: Ints
    letters3: Ints
    letters4: Ints
    numbers: Ints


@lru_cache(maxsize=KEPT)
def hashed_text(text: str) -> HashedText:
    """The hashes of a title or a query; kept, since the same titles come again and again."""
    stems = [_stem(word) for word in terms(text)]
    words = _hashes(stems)
    letters = np.frombuffer(f" {' '.join(stems)} ".encode(), dtype=np.uint8).astype(np.int64)
    return HashedText(
        words=words,
        pairs=(words[:-1] * 31 + words[1:]) % SLOTS,
        letters3=_ngrams(letters, 3),
        letters4=_ngrams(letters, 4),
        numbers=_hashes(_NUMBER.findall(text)),
    )


@dataclass(frozen=True)
class RaggedHashes:
    """Hashes of n titles as one ragged array: `hashes` and the title of each, `owner`, int64 [m];
    `lengths` int64 [n].
    """

    hashes: Ints
    owner: Ints
    lengths: Ints

    @classmethod
    def of(cls, each: Sequence[Ints]) -> "RaggedHashes":
        """From the hashes of each title, n >= 1."""
        lengths = np.array([len(hashes) for hashes in each])
        return cls(np.concatenate(each), np.repeat(np.arange(len(each)), lengths), lengths)

    def overlap(self, wanted: Ints) -> Floats:
        """How many of `wanted` each title has, counted once, float32 [n]."""
        present = self._offsets_of(wanted)
        once = np.unique(self.owner[present] * SLOTS + self.hashes[present])
        return np.bincount(once // SLOTS, minlength=len(self.lengths)).astype(np.float32)

    def first_positions(self, wanted: Ints) -> Floats:
        """Where the first of `wanted` is in each title, 0 to 1; 1 without any, float32 [n]."""
        present = self._offsets_of(wanted)
        first = np.full(len(self.lengths), np.inf)
        np.minimum.at(first, self.owner[present], present)
        starts = np.cumsum(self.lengths) - self.lengths
        share = (first - starts) / np.maximum(self.lengths, 1)
        return np.where(np.isfinite(first), share, 1.0).astype(np.float32)

    def _offsets_of(self, wanted: Ints) -> NDArray[np.intp]:
        table = np.zeros(SLOTS, dtype=bool)
        table[wanted] = True
        return np.flatnonzero(table[self.hashes])


@dataclass(frozen=True)
class TitleTable:
    """n titles as a table of their words: `has` float32 [n, U], 1 where a title has the word.

    `words` int64 [U], sorted, are their hashes; `rarity` float32 [U]: log of the list's length over
    how many of its titles have it, so that a word that all have (the query's) says little.
    `in_order`: the words in the order of the titles.
    """

    texts: tuple[HashedText, ...]
    in_order: RaggedHashes
    words: Ints
    has: Floats
    rarity: Floats

    @classmethod
    def of(cls, titles: Sequence[str]) -> "TitleTable":
        """From the candidates' titles, n >= 1."""
        texts = tuple(hashed_text(title) for title in titles)
        in_order = RaggedHashes.of([text.words for text in texts])
        words, column = np.unique(in_order.hashes, return_inverse=True)
        has = np.zeros((len(texts), len(words)), dtype=np.float32)
        has[in_order.owner, column] = 1
        rarity = np.log((len(texts) + 1) / (has.sum(axis=0) + 1)).astype(np.float32)
        return cls(texts, in_order, words, has, rarity)

    def having(self, words: Ints) -> tuple[Floats, Floats]:
        """Which of n titles have which of m words, float32 [n, m], and the words' rarity [m]."""
        known, columns = self._columns(words)
        has = np.zeros((len(self.texts), len(words)), dtype=np.float32)
        has[:, known] = self.has[:, columns]
        rarity = np.full(len(words), np.log(len(self.texts) + 1.0), dtype=np.float32)
        rarity[known] = self.rarity[columns]
        return has, rarity

    def rows_of(self, texts: Sequence[HashedText]) -> Floats:
        """Other texts in the same columns, float32 [texts, U]; their other words are left out."""
        rows = np.zeros((len(texts), len(self.words)), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[self._columns(text.words)[1]] = 1
        return rows

    def _columns(self, words: Ints) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Which of `words` the table has, as offsets into `words`, and their columns."""
        columns = np.searchsorted(self.words, words)
        known = np.flatnonzero(np.append(self.words, -1)[columns] == words)
        return known, columns[known]


def title_match(titles: TitleTable, query_text: str) -> TitleMatch:
    """How each title matches the query."""
    query = hashed_text(query_text)
    if not len(query.words):
        nothing = np.zeros(len(titles.texts), dtype=np.float32)
        return TitleMatch(*[nothing] * len(TitleMatch.__dataclass_fields__))
    lengths = np.maximum(titles.in_order.lengths, 1)
    wanted = np.unique(query.words)
    has, rarity = titles.having(wanted)  # [n, wanted], [wanted]
    missing = (1 - has) @ rarity
    trigrams = RaggedHashes.of([text.letters3 for text in titles.texts])
    fourgrams = RaggedHashes.of([text.letters4 for text in titles.texts])
    letters3, letters4 = trigrams.overlap(query.letters3), fourgrams.overlap(query.letters4)
    numbers = RaggedHashes.of([text.numbers for text in titles.texts]).overlap(query.numbers)
    pairs = RaggedHashes.of([text.pairs for text in titles.texts]).overlap(query.pairs)
    return TitleMatch(
        cover=has.mean(axis=1),
        cover_rare=1 - missing / max(float(rarity.sum()), 1e-6),
        missing_rare=missing,
        letters3=_float32(letters3 / max(len(np.unique(query.letters3)), 1)),
        letters4=_float32(letters4 / max(len(np.unique(query.letters4)), 1)),
        of_title3=_float32(letters3 / np.maximum(trigrams.lengths, 1)),
        of_title4=_float32(letters4 / np.maximum(fourgrams.lengths, 1)),
        numbers=_float32(numbers / max(len(query.numbers), 1)),
        numbers_missing=len(np.unique(query.numbers)) - numbers,
        pairs=_float32(pairs / max(len(query.pairs), 1)),
        last_word=has[:, wanted == query.words[-1]][:, 0],
        first_place=titles.in_order.first_positions(wanted),
        of_title=_float32(has.sum(axis=1) / lengths),
        length=_float32(lengths / 20),
    )


def shared_rarity(titles: TitleTable, event_titles: Sequence[str], query_text: str) -> Floats:
    """Rarity of the words that each title has in common with each event's, float32 [n, E].

    The query's own words do not count: what was asked for says nothing of taste.
    """
    counting = titles.rarity * (1 - titles.rows_of([hashed_text(query_text)])[0])
    events = titles.rows_of([hashed_text(title) for title in event_titles])
    shared: Floats = (titles.has * counting) @ events.T
    return shared


def title_overlap(titles: TitleTable, shared: Floats, weights: Floats) -> TitleOverlap:
    """From `shared_rarity` [n, E] and the events' weights [E]."""
    if not shared.shape[1]:
        nothing = np.zeros(len(shared), dtype=np.float32)
        return TitleOverlap(nothing, nothing, nothing, nothing)
    most = shared[:, weights > 0].max(axis=1, initial=0)
    return TitleOverlap(
        shared_max=most,
        shared_last=shared[:, -1] * np.sign(weights[-1]),
        shared=_float32(shared @ weights * np.sqrt(shared.shape[1])),
        shared_part=most / (titles.has @ titles.rarity + 1),
    )


def _float32(values: NDArray[np.floating]) -> Floats:
    return values.astype(np.float32)


def _stem(word: str) -> str:
    """Without the ending of a plural or a form of a verb: near enough, alike in all titles."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _ngrams(letters: Ints, length: int) -> Ints:
    """Hashes of all runs of so many bytes."""
    count = max(len(letters) - length + 1, 0)
    hashes = np.zeros(count, dtype=np.int64)
    for offset in range(length):
        hashes = hashes * _BASE + letters[offset : offset + count]
    return hashes % _PRIME % SLOTS


def _hashes(words: Sequence[str]) -> Ints:
    return np.array([zlib.crc32(word.encode()) % SLOTS for word in words], dtype=np.int64)
