"""The pipeline as an evaluation runs it: the same steps over histories, and nothing is kept.

Rankings are those of the service: only the collaborators differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.encoder_spec import EncoderSpec
from learning.data.visitors import Visitors
from query_service.context import QueryEncoder, RequestContext
from query_service.schemas.search import SearchResponse
from query_service.user.visitor import Visitor

Vectors = NDArray[np.float32]


class EncodedBefore:
    """An encoder that has encoded its queries in one go, in batches, and looks them up."""

    def __init__(self, encoder: QueryEncoder, queries: Sequence[str]) -> None:
        self._encoder = encoder
        texts = list(dict.fromkeys(queries))
        self._known = dict(zip(texts, encoder.encode_queries(texts), strict=True))

    @property
    def spec(self) -> EncoderSpec:
        """What the encoder is."""
        return self._encoder.spec

    def encode_query(self, text: str) -> Vectors:
        """The query's embedding, float32 [D]."""
        known = self._known.get(text)
        return self._encoder.encode_query(text) if known is None else known

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embeddings float32 [n, D]."""
        return self._encoder.encode_queries(texts)


@dataclass(frozen=True)
class HistoryVisitors:
    """A `VisitorSource`: the visitor whose history was given for the session."""

    visitors: Visitors

    def visitor(self, context: RequestContext) -> Visitor:
        """Looks the session up; one without a history is unknown."""
        context.progress.ran("session")
        return self.visitors.visitor(context.request.session_id, context.request.user_id or "")


class EmptySources:
    """`HitSources` for readers of ids alone."""

    def sources(self, context: RequestContext, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """An empty source for each hit."""
        return {item_id: {} for item_id in ids}


class NoQueryRecorder:
    """A `QueryRecorder` that keeps nothing: these are no visitors' queries."""

    def record(
        self, context: RequestContext, embedding: Vectors | None, answer: SearchResponse
    ) -> None:
        """Nothing."""
