"""One request on its way through the pipeline, and what the pipeline works with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.encoder_spec import EncoderSpec
from query_service.index_view import IndexView
from query_service.progress import RequestProgress
from query_service.retrieval.legs import LEGS
from query_service.retrieval.plan import Leg
from query_service.schemas.search import (
    RankRequest,
    RecommendRequest,
    SearchRequest,
    SearchResponse,
)
from query_service.user.actions import Scenario
from query_service.user.visitor import Visitor

Vectors = NDArray[np.float32]
# What no answer can do without gets this time even past the deadline: a little late is better
# than an error.
LEAST_S = 0.25


@dataclass(frozen=True)
class RetrievalOptions:
    """How the engine is asked.

    `exact`: every vector is compared, in place of HNSW; `titles`: titles are read for the
    re-ranker.
    """

    legs: tuple[Leg, ...] = LEGS
    exact: bool = False
    titles: bool = False


@dataclass(frozen=True)
class RequestContext:
    """A request, the index it is answered from, and what became of it until now."""

    request: SearchRequest | RecommendRequest | RankRequest
    view: IndexView
    progress: RequestProgress
    options: RetrievalOptions
    engine_timeout_s: float  # of one request to the engine, at most

    @property
    def query_text(self) -> str:
        """The live query; "" without one."""
        return "" if isinstance(self.request, RecommendRequest) else self.request.query or ""

    @property
    def scenario(self) -> Scenario:
        """Whose action weights count."""
        return "shop" if isinstance(self.request, RankRequest) else self.request.scenario

    @property
    def personalize(self) -> bool:
        """Whether the visitor's behaviour counts."""
        return isinstance(self.request, RankRequest) or self.request.personalize

    def timeout_s(self, least_s: float = 0.001) -> float:
        """Seconds that a request to the engine may take: what is left of the deadline."""
        return max(min(self.engine_timeout_s, self.progress.clock.left_ms() / 1000), least_s)


class QueryEncoder(Protocol):
    """What the pipeline needs of an encoder; `BatchingEncoder` and `Encoder` both have it."""

    @property
    def spec(self) -> EncoderSpec: ...
    def encode_query(self, text: str) -> Vectors: ...
    def encode_queries(self, texts: Sequence[str]) -> Vectors: ...


class VisitorSource(Protocol):
    """Where visitors come from."""

    def visitor(self, context: RequestContext) -> Visitor:
        """Who asks, every vector in the space of the context's index.

        One that can't be read now is unknown, and the context's progress says so.
        """
        ...


class HitSources(Protocol):
    """Where the sources of hits come from."""

    def sources(self, context: RequestContext, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What a hit shows of each item; deleted items are absent. Raises ClusterUnavailable."""
        ...


class QueryRecorder(Protocol):
    """Where answered queries are kept."""

    def record(
        self, context: RequestContext, embedding: Vectors | None, answer: SearchResponse
    ) -> None:
        """Keeps a query; `embedding` float32 [D]."""
        ...
