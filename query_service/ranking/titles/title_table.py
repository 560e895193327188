"""The words of many titles as a sparse table, and what other texts share with them."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from query_service.ranking.titles.hashed_text import (
    KINDS,
    SLOTS,
    WORDS,
    Floats,
    HashedText,
    Ints,
    RaggedHashes,
    hashed_text,
)


class TitleTable:
    """n >= 1 titles, and a table of their words that is made when it is needed."""

    def __init__(self, titles: Sequence[str]) -> None:
        self.texts = tuple(map(hashed_text, titles))

    @cached_property
    def lengths(self) -> Ints:
        """How many hashes of each kind each title has, again and again, int32 [n, KINDS]."""
        return np.concatenate([text.sizes for text in self.texts]).reshape(-1, KINDS)

    @cached_property
    def in_order(self) -> RaggedHashes:
        """The titles' words, in the order of the titles."""
        words = np.concatenate([text.words for text in self.texts])
        return RaggedHashes.of(words, self.lengths[:, WORDS])

    def overlap(self, query: HashedText) -> Floats:
        """How many of the query's hashes each title has, counted once, float32 [n, KINDS]."""
        present = self._distinct.positions(query.distinct)
        kinds = self._distinct.hashes[present] // SLOTS
        owner = self._distinct.owner[present]
        counts = np.bincount(owner * KINDS + kinds, minlength=len(self.texts) * KINDS)
        return counts.reshape(-1, KINDS).astype(np.float32)

    def complete(self, query_text: str) -> NDArray[np.bool_]:
        """Which titles have all words of the query, bool [n]; none where it has no word."""
        words = hashed_text(query_text).distinct_words
        if not len(words) or not self.texts:
            return np.zeros(len(self.texts), dtype=np.bool_)
        owner = self._words.owner[self._words.positions(words)]
        found = np.bincount(owner, minlength=len(self.texts))
        complete: NDArray[np.bool_] = found == len(words)
        return complete

    @cached_property
    def _distinct(self) -> RaggedHashes:
        """The titles' hashes of all kinds, each once in a title."""
        hashes = np.concatenate([text.distinct for text in self.texts])
        return RaggedHashes.of(hashes, self._distinct_sizes.sum(axis=1))

    @cached_property
    def _words(self) -> RaggedHashes:
        """The titles' words, each once in a title."""
        hashes = np.concatenate([text.distinct_words for text in self.texts])
        return RaggedHashes.of(hashes, self._distinct_sizes[:, WORDS])

    @cached_property
    def _distinct_sizes(self) -> Ints:
        return np.concatenate([text.distinct_sizes for text in self.texts]).reshape(-1, KINDS)

    @cached_property
    def _columns_of_titles(self) -> tuple[Ints, NDArray[np.int64], NDArray[np.intp]]:
        """`words` int32 [U], the sorted hashes of all words; and each word of each title once: word
        `column` [m] is in title `owner` [m].
        """
        words, column = np.unique(self._words.hashes, return_inverse=True)
        return words, self._words.owner, column

    @cached_property
    def rarity(self) -> Floats:
        """Of each word, float32 [U]: log of the list's length over how many of its titles have it,
        so that a word that all have (the query's) says little.
        """
        words, _, column = self._columns_of_titles
        counts = np.bincount(column, minlength=len(words))
        return np.log((len(self.texts) + 1) / (counts + 1)).astype(np.float32)

    @property
    def whole_rarity(self) -> Floats:
        """The rarity of all words of each title, float32 [n]."""
        _, owner, column = self._columns_of_titles
        sums = np.bincount(owner, self.rarity[column], minlength=len(self.texts))
        return sums.astype(np.float32)

    def having(self, words: Ints) -> tuple[Floats, Floats]:
        """Which of n titles have which of m words, float32 [n, m], and the words' rarity [m]."""
        known, columns = self._known(words)
        has = np.zeros((len(self.texts), len(words)), dtype=np.float32)
        has[:, known] = self._has(columns)
        rarity = np.full(len(words), np.log(len(self.texts) + 1.0), dtype=np.float32)
        rarity[known] = self.rarity[columns]
        return has, rarity

    def shared_with(self, texts: Sequence[str], leave_out: str) -> Floats:
        """Rarity of the words that each title has in common with each text, float32 [n, texts].

        The words of `leave_out` do not count.
        """
        if not texts:
            return np.zeros((len(self.texts), 0), dtype=np.float32)
        words = [hashed_text(text).distinct_words for text in texts]
        theirs = RaggedHashes.of(np.concatenate(words), np.array([len(each) for each in words]))
        known, of_texts = self._known(theirs.hashes)
        columns, indices = np.unique(of_texts, return_inverse=True)
        in_text = np.zeros((len(columns), len(texts)), dtype=np.float32)
        in_text[indices, theirs.owner[known]] = 1
        left_out = np.isin(columns, self._known(hashed_text(leave_out).distinct_words)[1])
        rarity = np.where(left_out, np.float32(0), self.rarity[columns])
        shared: Floats = (self._has(columns) * rarity) @ in_text
        return shared

    def _has(self, columns: NDArray[np.intp]) -> Floats:
        """Which of n titles have the words of these columns, float32 [n, columns]."""
        words, owner, column = self._columns_of_titles
        index_of = np.full(len(words), -1)
        index_of[columns] = np.arange(len(columns))
        indices = index_of[column]
        among = indices >= 0
        has = np.zeros((len(self.texts), len(columns)), dtype=np.float32)
        has[owner[among], indices[among]] = 1
        return has

    def _known(self, words: Ints) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Which of `words` the table has, as offsets into `words`, and their columns."""
        own, _, _ = self._columns_of_titles
        columns = np.searchsorted(own, words)
        known = np.flatnonzero(np.append(own, -1)[columns] == words)
        return known, columns[known]
