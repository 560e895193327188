"""Hard negatives: items near a query that are no known answer to it.

Mined by meaning (the encoder as it is, every vector compared) and by words (TF-IDF): the engine's
two legs, without an engine.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.words.terms import terms
from learning.training.encoder.query_pairs import QueryPairs

Vectors = NDArray[np.float32]
BLOCK = 256  # queries compared with the catalogue at once


def with_hard_negatives(
    pairs: QueryPairs,
    query_vectors: Vectors,
    item_vectors: Vectors,
    texts: Sequence[str],
    depth: int,
) -> QueryPairs:
    """The pairs with up to 2 `depth` hard negatives a query.

    `query_vectors` float32 [q, D] in the order of `pairs.queries`, `item_vectors` float32 [n, D].
    """
    queries = pairs.queries
    by_meaning = nearest(query_vectors, item_vectors, depth)
    by_words = nearest_by_words(queries, texts, depth)
    hard = {}
    for query, of_meaning, of_words in zip(queries, by_meaning, by_words, strict=True):
        near = dict.fromkeys([*of_words, *of_meaning])
        hard[query] = [row for row in near if row not in pairs.relevant[query]]
    return replace(pairs, hard=hard)


def nearest(queries: Vectors, items: Vectors, depth: int) -> list[list[int]]:
    """The rows of the `depth` best items of each query by inner product, best first.

    `queries` float32 [q, D], `items` float32 [n, D]; a list of min(depth, n) rows for each query.
    """
    rows: list[list[int]] = []
    depth = min(depth, len(items))
    for first in range(0, len(queries), BLOCK):
        scores = queries[first : first + BLOCK] @ items.T
        top = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
        by_score = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
        rows += np.take_along_axis(top, by_score, axis=1).tolist()
    return rows


def nearest_by_words(queries: Sequence[str], texts: Sequence[str], depth: int) -> list[list[int]]:
    """The same by the cosine of TF-IDF vectors; items without a common term are left out."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer=terms, sublinear_tf=True, dtype=np.float32)
    items = vectorizer.fit_transform(texts).T.tocsr()
    query_rows = vectorizer.transform(queries)
    rows: list[list[int]] = []
    for first in range(0, len(queries), BLOCK):
        scores = (query_rows[first : first + BLOCK] @ items).tocsr()
        for begin, end in zip(scores.indptr[:-1], scores.indptr[1:], strict=True):
            best = np.argsort(-scores.data[begin:end], kind="stable")[:depth]
            rows.append(scores.indices[begin:end][best].tolist())
    return rows
