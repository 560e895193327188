"""The query service as an evaluation runs it: the same steps, and nothing kept of the queries."""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch

from indexer.encoder_spec import EncoderSpec
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from query_service.candidates import MEANING
from query_service.progress import Progress
from query_service.requests import SearchRequest, SearchResponse
from query_service.reranker import Reranker
from query_service.service import QueryEncoder, Service
from query_service.serving import View
from query_service.settings import ServiceSettings
from query_service.user_vector import UserModel, identity

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

    Without the leg `meaning` among `legs` the query is not encoded: the re-ranker does not see its
    meaning either. Hits carry no sources, and neither queries nor answers are kept.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        cluster: ClusterSettings,
        client: OpenSearch,
        names: IndexNames,
        encoder: QueryEncoder,
        *,
        legs: frozenset[str],
        reranker: Reranker | None,
        user_model: UserModel = identity,
    ) -> None:
        own = cluster.model_copy(update={"index_prefix": names.prefix})
        super().__init__(settings, own, client, encoder, reranker=reranker, user_model=user_model)
        self.legs = legs
        self.views.refresh()

    def start(self) -> None:
        """Nothing: the view is loaded."""

    def make_indexes(self) -> None:
        """Nothing: no index but the items' is wanted."""

    def encoded(self, encoding: Future[Vectors], progress: Progress) -> Vectors | None:
        """The query's embedding float32 [D]; None where its meaning is not asked for."""
        if MEANING in self.legs:
            return super().encoded(encoding, progress)
        return None

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
