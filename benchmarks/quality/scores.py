"""Plain scores of items: BM25 over words, and which items are acted on by the same people."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Scores = NDArray[np.float64]


class Bm25:
    """BM25 as in Robertson and Zaragoza (2009): k1 1.2, b 0.75, words of letters and digits."""

    def __init__(self, texts: Sequence[str], k1: float = 1.2, b: float = 0.75) -> None:
        counts = [Counter(words(text)) for text in texts]
        self._columns = {word: n for n, word in enumerate(sorted({w for c in counts for w in c}))}
        length = np.array([c.total() for c in counts], dtype=np.float64)
        rows = np.repeat(np.arange(len(counts)), [len(c) for c in counts])
        columns = np.array([self._columns[w] for c in counts for w in c])
        tf = np.array([n for c in counts for n in c.values()], dtype=np.float64)
        df = np.bincount(columns, minlength=len(self._columns))
        idf = np.log1p((len(texts) - df + 0.5) / (df + 0.5))
        norm = k1 * (1 - b + b * length / length.mean())
        weights = idf[columns] * tf * (k1 + 1) / (tf + norm[rows])
        shape = (len(texts), len(self._columns))
        self._matrix = sparse.csc_matrix((weights, (rows, columns)), shape=shape)

    def scores(self, query: str) -> Scores:
        """Of every text, float64 [n]; 0 where it has no word of the query."""
        found = [self._columns[word] for word in words(query) if word in self._columns]
        return np.asarray(self._matrix[:, found].sum(axis=1), dtype=np.float64).ravel()


class Cooccurrence:
    """How often two items are in one history, divided by the root of how often each is in any."""

    def __init__(self, histories: Iterable[Sequence[int]], items: int) -> None:
        """`histories`: rows of the catalogue."""
        pairs = [(user, item) for user, of_user in enumerate(histories) for item in of_user]
        users, columns = np.array(pairs, dtype=np.int64).T
        shape = (int(users.max()) + 1, items)
        acted = sparse.csr_matrix((np.ones(len(users)), (users, columns)), shape=shape)
        root = sparse.diags(1 / np.sqrt(np.maximum(np.asarray(acted.sum(axis=0)).ravel(), 1)))
        self._matrix = sparse.csr_matrix(root @ (acted.T @ acted) @ root)

    def scores(self, history: Sequence[int]) -> Scores:
        """Of every item to a history, float64 [n]."""
        return np.asarray(self._matrix[list(history)].sum(axis=0), dtype=np.float64).ravel()


def words(text: str) -> list[str]:
    """Letters and digits, in small letters."""
    return re.findall(r"[a-z0-9]+", text.lower())


def min_max(scores: Scores) -> Scores:
    """From 0 to 1."""
    spread = float(np.ptp(scores))
    return (scores - scores.min()) / spread if spread else np.zeros_like(scores)


def standard(scores: Scores) -> Scores:
    """Mean 0, standard deviation 1."""
    if not len(scores):
        return scores
    spread = float(scores.std())
    return (scores - scores.mean()) / spread if spread else np.zeros_like(scores)
