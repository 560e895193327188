"""The query service as an evaluation runs it: the same steps, and nothing kept of the queries."""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch

from indexer.encoder_spec import EncoderSpec
from learning.data.visitors import Visitors
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from query_service.index_view import View
from query_service.progress import Progress
from query_service.ranking.reranker import Scoring
from query_service.retrieval.candidates import LEGS
from query_service.schemas.search import (
    RankRequest,
    RecommendRequest,
    SearchRequest,
    SearchResponse,
)
from query_service.service import QueryEncoder, Service
from query_service.settings import ServiceSettings
from query_service.user.user_vector import UserModel
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


class OfflineService(Service):
    """A service on an evaluation's own index. Rankings are those of the real one.

    `legs` are the ones asked; `exact` compares every vector, in place of HNSW; without `encodes`
    a query has no vector, for the legs as for the re-ranker. Visitors come from `visitors`. Hits
    carry no sources, and neither queries nor answers are kept.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        cluster: ClusterSettings,
        client: OpenSearch,
        names: IndexNames,
        encoder: QueryEncoder,
        *,
        reranker: Scoring | None,
        user_model: UserModel | None = None,
        visitors: Visitors | None = None,
        legs: frozenset[str] = frozenset(LEGS),
        exact: bool = False,
        encodes: bool = True,
    ) -> None:
        own = cluster.model_copy(update={"index_prefix": names.prefix})
        super().__init__(settings, own, client, encoder, reranker=reranker, user_model=user_model)
        self.legs = legs
        self.exact = exact
        self._encodes = encodes
        self._visitors = visitors or Visitors({}, {})
        self.views.refresh()

    def start(self) -> None:
        """Nothing: the view is loaded."""

    def make_indexes(self) -> None:
        """Nothing: no index but the items' is wanted."""

    def encoded(self, encoding: Future[Vectors], progress: Progress) -> Vectors | None:
        """The query's embedding float32 [D]; None where its meaning is not asked for."""
        return super().encoded(encoding, progress) if self._encodes else None

    def encode_soon(self, text: str) -> Future[Vectors]:
        """The query's embedding, if one is wanted."""
        return super().encode_soon(text) if self._encodes else Future()

    def visitor(
        self,
        view: View,
        progress: Progress,
        request: SearchRequest | RecommendRequest | RankRequest,
    ) -> Visitor:
        """The visitor whose history was given for the session."""
        progress.ran("session")
        return self._visitors.visitor(request.session_id, request.user_id or "")

    def sources(
        self, view: View, ids: Sequence[str], progress: Progress
    ) -> dict[str, dict[str, Any]]:
        """An empty source for each hit: an evaluation reads ids only."""
        return {item_id: {} for item_id in ids}

    def remember_query(
        self,
        view: View,
        request: SearchRequest,
        embedding: Vectors | None,
        answer: SearchResponse,
    ) -> None:
        """Nothing: these are no visitors' queries."""
