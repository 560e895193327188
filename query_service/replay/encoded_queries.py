"""Queries that are known beforehand, encoded at once: an evaluation's, a rebuild's gate's."""

from collections.abc import Sequence
from typing import Protocol

from indexer.encoder_spec import EncoderSpec
from query_service.context import Vectors


class TextEncoder(Protocol):
    """Texts to embeddings float32 [n, D]: a `QueryEncoder`, an `ItemEncoder`."""

    @property
    def spec(self) -> EncoderSpec: ...
    def encode_queries(self, texts: Sequence[str]) -> Vectors: ...


class EncodedQueries:
    """A `QueryEncoder` that encodes the queries once, and looks them up; others as they come."""

    def __init__(self, encoder: TextEncoder, queries: Sequence[str]) -> None:
        self._encoder = encoder
        texts = list(dict.fromkeys(queries))
        self._embeddings = dict(zip(texts, encoder.encode_queries(texts), strict=True))

    @property
    def spec(self) -> EncoderSpec:
        """The encoder's identity: model, layout, dimensions."""
        return self._encoder.spec

    def encode_query(self, text: str) -> Vectors:
        """The query's embedding, float32 [D]."""
        known = self._embeddings.get(text)
        embedding: Vectors = self.encode_queries([text])[0] if known is None else known
        return embedding

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embeddings float32 [n, D]."""
        return self._encoder.encode_queries(texts)
