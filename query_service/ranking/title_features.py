"""Features of titles: how well each matches the query, and what it shares with the events.

BM25 adds up terms; it does not tell whether all of them match, whether a size is another one, or
whether only the end of a word differs. Each title is hashed once and cached (hashes of words,
letter n-grams and numbers); the features of a list are then a few array operations.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.spelling import spelled
from indexer.catalogue.terms import terms

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
SLOTS = 1 << 18  # of the hashes: of 60 in a title, none collides with one of a query's by chance
CACHED = 20_000  # titles whose hashes are cached, about 1.5 kB each
_BASE, _PRIME = 257, 2_147_483_647  # of the polynomial that hashes letter n-grams
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:/\d+)?")
_ENDINGS = ("ings", "ing", "ed")
_TAKES_ES = ("ss", "x", "z", "ch", "sh")  # boxes, dishes; shoes and cases do not


@dataclass(frozen=True)
class TitleMatch:
    """How each title matches the query, float32 [n] each; zeros without a query.

    Shares are of the query's, or of the title's (`of_title`).
    """

    cover: Floats  # share of the query's words that the title has
    cover_rare: Floats  # the same, weighted by rarity
    missing_rare: Floats  # total rarity of the words that it lacks
    letters3: Floats  # share of the query's letter trigrams
    letters4: Floats
    of_title3: Floats  # share of the title's letter trigrams that the query has
    of_title4: Floats
    numbers: Floats  # share of the query's numbers
    numbers_missing: Floats
    pairs: Floats  # share of the query's word bigrams
    last_word: Floats  # whether the title has the query's last word
    first_place: Floats  # position of the first of the query's words in the title, 0 to 1
    of_title: Floats  # words of the query over words of the title
    length: Floats  # words of the title, in twenties


@dataclass(frozen=True)
class TitleOverlap:
    """What each title shares with the events' titles, beside the query; float32 [n] each."""

    shared_max: Floats  # with the positive event that it shares most with
    shared_last: Floats  # with the last event, negative when that counts against
    shared: Floats  # weighted sum over the events
    shared_part: Floats  # `shared_max` over the rarity of all words of the title


@dataclass(frozen=True)
class HashedText:
    """The hashes of a text, int64 each, in the text's order."""

    words: Ints
    pairs: Ints  # of words: bigrams
    letters3: Ints  # letter trigrams
    letters4: Ints
    numbers: Ints


@lru_cache(maxsize=CACHED)
def hashed_text(text: str) -> HashedText:
    """The hashes of a title or a query; cached, since the same titles recur in many lists."""
    stems = [_stem(word) for word in terms(text)]
    words = _hashes(stems)
    letters = np.frombuffer(f" {' '.join(stems)} ".encode(), dtype=np.uint8).astype(np.int64)
    return HashedText(
        words=words,
        pairs=(words[:-1] * 31 + words[1:]) % SLOTS,
        letters3=_ngrams(letters, 3),
        letters4=_ngrams(letters, 4),
        numbers=_hashes(_NUMBER.findall(spelled(text))),
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

    def overlap(self, query: Ints) -> Floats:
        """How many of the query's hashes each title has, counted once, float32 [n]."""
        present = self._offsets_of(query)
        once = np.unique(self.owner[present] * SLOTS + self.hashes[present])
        return _float32(np.bincount(once // SLOTS, minlength=len(self.lengths)))

    def first_positions(self, query: Ints) -> Floats:
        """Position of the query's first hash in each title, 0 to 1, float32 [n]; 1 without any."""
        present = self._offsets_of(query)
        first = np.full(len(self.lengths), np.inf)
        np.minimum.at(first, self.owner[present], present)
        starts = np.cumsum(self.lengths) - self.lengths
        share = (first - starts) / np.maximum(self.lengths, 1)
        return _float32(np.where(np.isfinite(first), share, 1.0))

    def _offsets_of(self, query: Ints) -> NDArray[np.intp]:
        table = np.zeros(SLOTS, dtype=bool)
        table[query] = True
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
        rarity = _float32(np.log((len(texts) + 1) / (has.sum(axis=0) + 1)))
        return cls(texts, in_order, words, has, rarity)

    def having(self, words: Ints) -> tuple[Floats, Floats]:
        """Which of n titles have which of m words, float32 [n, m], and the words' rarity [m]."""
        known, columns = self._columns(words)
        has = np.zeros((len(self.texts), len(words)), dtype=np.float32)
        has[:, known] = self.has[:, columns]
        rarity = np.full(len(words), np.log(len(self.texts) + 1.0), dtype=np.float32)
        rarity[known] = self.rarity[columns]
        return has, rarity

    def rows_of(self, texts: Sequence[str]) -> Floats:
        """Other texts in the same columns, float32 [texts, U], without the words of no column."""
        rows = np.zeros((len(texts), len(self.words)), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[self._columns(hashed_text(text).words)[1]] = 1
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
        zeros = np.zeros(len(titles.texts), dtype=np.float32)
        return TitleMatch(*[zeros] * len(fields(TitleMatch)))
    lengths = np.maximum(titles.in_order.lengths, 1)
    query_words = np.unique(query.words)
    has, rarity = titles.having(query_words)  # [n, m], [m]
    missing = (1 - has) @ rarity
    trigrams = RaggedHashes.of([text.letters3 for text in titles.texts])
    fourgrams = RaggedHashes.of([text.letters4 for text in titles.texts])
    letters3, letters4 = trigrams.overlap(query.letters3), fourgrams.overlap(query.letters4)
    numbers = RaggedHashes.of([text.numbers for text in titles.texts]).overlap(query.numbers)
    bigrams = RaggedHashes.of([text.pairs for text in titles.texts]).overlap(query.pairs)
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
        pairs=_float32(bigrams / max(len(query.pairs), 1)),
        last_word=has[:, query_words == query.words[-1]][:, 0],
        first_place=titles.in_order.first_positions(query_words),
        of_title=_float32(has.sum(axis=1) / lengths),
        length=_float32(lengths / 20),
    )


def shared_rarity(titles: TitleTable, event_titles: Sequence[str], query_text: str) -> Floats:
    """Rarity of the words that each title has in common with each event's, float32 [n, E].

    The query's own words do not count: they say nothing of the visitor's taste.
    """
    rarity = titles.rarity * (1 - titles.rows_of([query_text])[0])
    shared: Floats = (titles.has * rarity) @ titles.rows_of(event_titles).T
    return shared


def title_overlap(titles: TitleTable, shared: Floats, weights: Floats) -> TitleOverlap:
    """From `shared_rarity` [n, E] and the events' weights [E]."""
    if not shared.shape[1]:
        return TitleOverlap(*[np.zeros(len(shared), dtype=np.float32)] * 4)
    most = shared[:, weights > 0].max(axis=1, initial=0)
    return TitleOverlap(
        shared_max=most,
        shared_last=shared[:, -1] * np.sign(weights[-1]),
        shared=_float32(shared @ weights * np.sqrt(shared.shape[1])),
        shared_part=most / (titles.has @ titles.rarity + 1),
    )


def _float32(values: NDArray[np.number]) -> Floats:
    return values.astype(np.float32)


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
