"""A linear map from TF-IDF weights to vectors: W_uq for query terms, W_ua for attribute terms."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.ridge import ridge

MAX_TERMS = 8192  # a Cholesky factor of this size takes seconds, and rarer terms say little
RIDGE = 1.0  # penalty on the squared weights
Source = TypeVar("Source")


@dataclass(frozen=True)
class TermMap:
    """`vocabulary`: V terms; `idf` float32 [V]; `W` float32 [V, dims], fitted by ridge."""

    vocabulary: tuple[str, ...]
    idf: NDArray[np.float32]
    W: NDArray[np.float32]

    @cached_property
    def columns(self) -> dict[str, int]:
        """Index in the vocabulary, by term."""
        return {term: column for column, term in enumerate(self.vocabulary)}

    @classmethod
    def fit(
        cls,
        sources: Sequence[Source],
        terms_of: Callable[[Source], Sequence[str]],
        vectors: NDArray[np.float32],
    ) -> "TermMap":
        """Ridge regression of TF-IDF weights (rows of unit length) onto `vectors` [n, dims].

        `terms_of` returns the terms of one of the `sources` [n], perhaps none; no list of all is
        kept. No labels are needed: the catalogue's own texts and vectors are the training data.
        From 100 rows on, terms of a single row are left out unless there are no others.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer

        dims = vectors.shape[1]
        vectorizer = TfidfVectorizer(analyzer=terms_of, max_features=MAX_TERMS, dtype=np.float32)
        for min_df in (2, 1) if len(sources) >= 100 else (1,):
            vectorizer.set_params(min_df=min_df)
            try:
                weights = vectorizer.fit_transform(sources)
            except ValueError:  # every term is in one row only; or there are none
                continue
            vocabulary = tuple(vectorizer.get_feature_names_out().tolist())
            return cls(
                vocabulary, vectorizer.idf_.astype(np.float32), ridge(weights, vectors, RIDGE)
            )
        return cls((), np.zeros(0, np.float32), np.zeros((0, dims), np.float32))

    def embed(self, counts: Mapping[str, float]) -> NDArray[np.float32]:
        """Sum over terms of count x idf x W, float32 [dims]; zero when no term is known.

        Linear in the counts, so that each event's share of it can be explained; callers bring the
        result to unit length.
        """
        known = {self.columns[term]: n for term, n in counts.items() if term in self.columns}
        if not known:
            return np.zeros(self.W.shape[1], dtype=np.float32)
        columns = np.array(list(known))
        weights = np.array(list(known.values()), dtype=np.float32) * self.idf[columns]
        embedded: NDArray[np.float32] = weights @ self.W[columns]
        return embedded
