"""A request on its way through the pipeline, and the pipeline's collaborators."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.term_map import TermMap
from indexer.encoder_spec import EncoderSpec
from indexer.index.attribute_schema import AttributeSchema
from query_service.access.restrictions import UNLIMITED, RequestLimits
from query_service.cursor import Cursor
from query_service.experiments.assignment import NOT_ASSIGNED, Assignment
from query_service.index_view import IndexView
from query_service.observability.identity import AS_IT_IS, Configuration
from query_service.progress import RequestProgress
from query_service.retrieval.candidates.candidates import Candidates
from query_service.retrieval.filters.filters import Clauses
from query_service.retrieval.filters.forced_filters import forced_clauses
from query_service.retrieval.filters.price_list import priced
from query_service.retrieval.legs import LEGS
from query_service.retrieval.plan import Leg
from query_service.retrieval.source_fields import ALL_FIELDS, SourceFields
from query_service.rules.rule_book import NO_RULES, RulesInForce
from query_service.schemas.search.answers import SearchResponse
from query_service.schemas.search.filters import Filters
from query_service.schemas.search.requests import RankRequest, RecommendRequest, SearchRequest
from query_service.schemas.search.where import Where, WhereBrowse, WhereSearch
from query_service.user.actions import Scenario
from query_service.user.intent import Intent
from query_service.user.visitor import Visitor

Vectors = NDArray[np.float32]
Request = SearchRequest | RecommendRequest | RankRequest
# What no answer can do without gets this time even past the deadline: a little late is better
# than an error.
MIN_TIMEOUT_S = 0.25


@dataclass(frozen=True)
class RetrievalOptions:
    """How to retrieve candidates: `exact` and `titles` as in `RetrievalPlan`,
    `global_statistics` as in its `Shards`.

    `collapse`: whether hits collapse to one for each group where a request does not say.
    `keeps_recommendations`: whether lists without a query are kept too.
    `explained_hits`: of an answer that is kept, how many have the shares of their scores with it.
    """

    legs: tuple[Leg, ...] = LEGS
    exact: bool = False
    titles: bool = False
    collapse: bool = True
    global_statistics: bool = True
    explained_hits: int = 0
    keeps_recommendations: bool = False


@dataclass(frozen=True)
class RequestContext:
    """A request, the index that answers it, and its progress."""

    request: Request
    view: IndexView
    progress: RequestProgress
    options: RetrievalOptions
    engine_timeout_s: float  # of one request to OpenSearch, at most
    as_of: float  # seconds since 1970: the visitor's behaviour until then counts
    cursor: Cursor | None = None  # of the page before
    source_fields: SourceFields = ALL_FIELDS  # that hits show
    rules: RulesInForce = NO_RULES
    language: str = ""  # of the index, whose texts are searched and shown; "": the items' own
    configuration: Configuration = AS_IT_IS
    assignment: Assignment = NOT_ASSIGNED  # what the visitor is part of
    limits: RequestLimits = UNLIMITED  # of the caller's key

    @property
    def attributes(self) -> AttributeSchema:
        """The attributes of the index, the request's price list and language.

        Raises FilterProblem.
        """
        attributes = priced(self.view.attributes, self.request.price_list)
        return attributes.in_language(self.language) if self.language else attributes

    @property
    def forced(self) -> Clauses:
        """The filter clauses that the caller's key forces. Raises NotAllowed."""
        return forced_clauses(self.limits, self.view.attributes)

    @property
    def vocabulary(self) -> TermMap:
        """The terms of the catalogue in the request's language."""
        return self.view.bundle.query_terms(self.language)

    @property
    def offset(self) -> int:
        """Hits before the requested page."""
        if isinstance(self.request, RankRequest):
            return 0
        return self.cursor.offset if self.cursor else self.request.from_

    @property
    def query_text(self) -> str:
        """The live query; "" without one."""
        return "" if isinstance(self.request, RecommendRequest) else self.request.query or ""

    @property
    def scenario(self) -> Scenario:
        """The scenario of the action weights."""
        return "shop" if isinstance(self.request, RankRequest) else self.request.scenario

    @property
    def personalize(self) -> bool:
        """Whether the visitor's behaviour counts."""
        return self.request.personalize

    @property
    def where(self) -> Where | None:
        """Combined filters beside those of the request."""
        return self.request.where if isinstance(self.request, WhereSearch | WhereBrowse) else None

    @property
    def stated_filters(self) -> Filters | None:
        """The request's filters, as far as `Filters` can say them."""
        request = self.request
        if isinstance(request, WhereSearch | WhereBrowse):
            return request.stated
        return None if isinstance(request, RankRequest) else request.filters

    @property
    def kept(self) -> bool:
        """Whether `ubi_queries` keeps the answer, where the session refuses nothing."""
        request = self.request
        if isinstance(request, RankRequest) or not (request.size and request.consent.asked.store):
            return False
        if isinstance(request, SearchRequest):
            return True
        # A front end's list of items without a query is often one of several that show nothing.
        return self.options.keeps_recommendations and not isinstance(request, WhereBrowse)

    @property
    def knows_visitor(self) -> bool:
        """Whether the visitor's behaviour counts, also by what the experiment's variant says."""
        arm = self.assignment.arm
        return self.personalize and (arm is None or arm.personalize)

    @property
    def counts_only(self) -> bool:
        """Whether only counts are wanted, and no cursor: the order does not matter."""
        request = self.request
        return isinstance(request, WhereSearch | WhereBrowse) and not request.size

    @property
    def says_what_is_missing(self) -> bool:
        """Whether the answer names the words that no item has together: that of a first page."""
        request = self.request
        return not isinstance(request, RankRequest) and bool(request.size) and not self.offset

    @property
    def leaves_out_seen(self) -> bool:
        """Whether the items that the visitor acted on are left out."""
        if isinstance(self.request, WhereBrowse):
            return self.request.leaves_out_seen
        return isinstance(self.request, RecommendRequest)

    def timeout_s(self, min_s: float = 0.001) -> float:
        """Seconds that a request to OpenSearch may take, within the deadline."""
        return max(min(self.engine_timeout_s, self.progress.clock.left_ms() / 1000), min_s)


class QueryEncoder(Protocol):
    """Texts to embeddings float32 [D] and [n, D]: `BatchingEncoder`, `Encoder`."""

    @property
    def spec(self) -> EncoderSpec: ...
    def encode_query(self, text: str) -> Vectors: ...
    def encode_queries(self, texts: Sequence[str]) -> Vectors: ...


@runtime_checkable
class StartingEncoder(QueryEncoder, Protocol):
    """Encodes in a thread of its own: `BatchingEncoder`."""

    def start_query(self, text: str) -> "Future[Vectors]": ...


class VisitorSource(Protocol):
    """Reads visitors: `SessionVisitors`."""

    def visitor(self, context: RequestContext) -> Visitor:
        """The visitor who sends the request, every vector in the space of the context's index.

        A visitor that can't be read now is unknown, and the context's progress says so.
        """
        ...


class HitSources(Protocol):
    """Reads the sources of hits: `ItemReader`."""

    def sources(self, context: RequestContext, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The public fields by item id, no deleted items. Raises ClusterUnavailable."""
        ...


class QueryRecorder(Protocol):
    """Records answered queries: `SessionVisitors`."""

    def record(
        self,
        context: RequestContext,
        intent: Intent,
        candidates: Candidates,
        answer: SearchResponse,
    ) -> None:
        """Record the query of a `SearchRequest`, and how it was answered, as its consent allows.

        `candidates`: those that the answer's hits were chosen from.
        """
        ...


class NoQueryRecorder:
    """A `QueryRecorder` that records nothing: no visitor made these queries."""

    def record(
        self,
        context: RequestContext,
        intent: Intent,
        candidates: Candidates,
        answer: SearchResponse,
    ) -> None:
        """Nothing."""
