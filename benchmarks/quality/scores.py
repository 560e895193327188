"""Plain scores of items: BM25 over words, and co-occurrence in histories."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Scores = NDArray[np.float64]


class Bm25:
    """BM25 as in Robertson and Zaragoza (2009), over words of letters and digits."""

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
        """Score every text, float64 [n]; 0 where it has no word of the query."""
        columns = [self._columns[word] for word in words(query) if word in self._columns]
        return np.asarray(self._matrix[:, columns].sum(axis=1), dtype=np.float64).ravel()


class CooccurrenceCosine:
    """Cosine of two items' columns in the user-item matrix: count(a, b) / sqrt(n_a n_b)."""

    def __init__(self, histories: Iterable[Sequence[int]], items: int) -> None:
        """Count the `histories`, each a user's item numbers below `items`."""
        pairs = [(user, item) for user, history in enumerate(histories) for item in history]
        users, columns = np.array(pairs, dtype=np.int64).T
        shape = (int(users.max()) + 1, items)
        acted = sparse.csr_matrix((np.ones(len(users)), (users, columns)), shape=shape)
        counts = np.asarray(acted.sum(axis=0)).ravel()
        norms = sparse.diags(1 / np.sqrt(np.maximum(counts, 1)))
        self._matrix = sparse.csr_matrix(norms @ (acted.T @ acted) @ norms)

    def scores(self, history: Sequence[int]) -> Scores:
        """Score every item by its cosines to the history's items, summed: float64 [items]."""
        return np.asarray(self._matrix[list(history)].sum(axis=0), dtype=np.float64).ravel()


def words(text: str) -> list[str]:
    """Return the words of a text in lower case: ASCII letters and digits."""
    return re.findall(r"[a-z0-9]+", text.lower())


def min_max(scores: Scores) -> Scores:
    """Scale to 0 ... 1; zeros where all scores are equal."""
    spread = float(np.ptp(scores))
    return (scores - scores.min()) / spread if spread else np.zeros_like(scores)


def standard(scores: Scores) -> Scores:
    """Scale to mean 0 and standard deviation 1; zeros where all scores are equal."""
    spread = float(scores.std()) if len(scores) else 0.0
    return (scores - scores.mean()) / spread if spread else np.zeros_like(scores)
