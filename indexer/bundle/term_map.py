"""A linear map from TF-IDF weights to item vectors: W_uq for query terms, W_ua for actions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

MAX_TERMS = 8192  # a Cholesky factor of this size takes seconds, and rarer terms say little
RIDGE = 1.0


@dataclass(frozen=True)
class TermMap:
    """`vocabulary`: V terms; `idf` float32 [V]; `W` float32 [V, dims], fitted by ridge."""

    vocabulary: tuple[str, ...]
    idf: NDArray[np.float32]
    W: NDArray[np.float32]
    columns: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        columns = {term: column for column, term in enumerate(self.vocabulary)}
        object.__setattr__(self, "columns", columns)

    @classmethod
    def fit(
        cls, rows: Sequence[Sequence[str]], vectors: NDArray[np.float32], ridge: float = RIDGE
    ) -> "TermMap":
        """Ridge regression of the rows' TF-IDF weights (unit rows) onto `vectors` [n, dims].

        No labels are needed: the catalogue's own texts and vectors are the training data. Terms
        of a single row are left out where others exist. Rows without terms are harmless.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import Ridge

        dims = vectors.shape[1]
        if not any(rows):
            empty = np.zeros((0, dims), dtype=np.float32)
            return cls((), np.zeros(0, dtype=np.float32), empty)
        min_df = 2 if len(rows) >= 100 else 1
        vectorizer = TfidfVectorizer(
            analyzer=lambda row: row, min_df=min_df, max_features=MAX_TERMS, dtype=np.float32
        )
        try:
            weights = vectorizer.fit_transform(rows)
        except ValueError:  # every term stands in one row only
            vectorizer.set_params(min_df=1)
            weights = vectorizer.fit_transform(rows)
        model = Ridge(alpha=ridge, fit_intercept=False, solver="cholesky")
        model.fit(weights, vectors)
        W = np.ascontiguousarray(model.coef_.T.reshape(-1, dims), dtype=np.float32)
        vocabulary = tuple(vectorizer.get_feature_names_out().tolist())
        return cls(vocabulary, vectorizer.idf_.astype(np.float32), W)

    def embed(self, counts: Mapping[str, float]) -> NDArray[np.float32]:
        """sum over terms of count x idf x W, float32 [dims]; zero when no term is known.

        Linear in the counts (so that a share of it can be told per event); callers bring the
        result to unit length.
        """
        known = [(self.columns[term], n) for term, n in counts.items() if term in self.columns]
        if not known:
            return np.zeros(self.W.shape[1], dtype=np.float32)
        index = np.array([column for column, _ in known])
        weight = np.array([n for _, n in known], dtype=np.float32) * self.idf[index]
        embedded: NDArray[np.float32] = weight @ self.W[index]
        return embedded
