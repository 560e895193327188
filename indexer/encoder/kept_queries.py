"""Embeddings of recent queries, in memory."""

import threading
from collections import OrderedDict
from collections.abc import Mapping

from indexer.bundle.projections import Vectors


class KeptQueries:
    """The embeddings of at most `size` queries, those used last. Thread-safe."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._embeddings: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> Vectors | None:
        """The embedding of a query, float32 [D]; None for one that is not kept."""
        with self._lock:
            embedding = self._embeddings.get(text)
            if embedding is None:
                return None
            self._embeddings.move_to_end(text)
        return embedding.copy()

    def add(self, embeddings: Mapping[str, Vectors]) -> None:
        """Keep embeddings float32 [D], and forget those unused for longest."""
        with self._lock:
            for text, embedding in embeddings.items():
                # A view would keep the array of its whole batch.
                self._embeddings[text] = embedding.copy()
            while len(self._embeddings) > self._size:
                self._embeddings.popitem(last=False)
