"""What a search asks of OpenSearch, and what a leg is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plugin_config.analysis.text_fields import OWN_TEXTS, TextFields
from plugin_config.schema import GROUP_KEY
from query_service.retrieval.order import SortOrder
from query_service.retrieval.shards import Shards
from query_service.schemas.search.answers import ShareKind

WORDS, MEANING, PERSON = "words", "meaning", "person"
ONE_SHARD = Shards()
READABLE = "readable"  # the named query that tells which popular items the visitor reads
HAS_WORDS = "has_words"  # the named query that tells which hits have the query's words


@dataclass(frozen=True)
class Leg:
    """One way to find candidates, declared once (in `legs`).

    `query` gives the leg's query for a plan, None where the plan lacks its input. `weight` is that
    of the leg's score in the fused order and in the re-ranker. `share` is the kind of the leg's
    share in explanations; None: it is divided among the sources of R. `score` turns the engine's
    score of a hit into the leg's.
    """

    name: str
    query: "Callable[[RetrievalPlan], Mapping[str, Any] | None]"
    weight: float
    share: ShareKind | None
    score: Callable[[float], float] = float


@dataclass(frozen=True)
class RetrievalPlan:
    """What to ask of OpenSearch. A leg without its input (no query, R of zeros) is left out."""

    legs: tuple[Leg, ...]
    query_text: str = ""
    prefix: str = ""  # the query's last word, where it may be the beginning of one
    corrects: bool = True  # whether misspelt words of the query count
    terms_left_out: int = 0  # of a query that is too long: `query_text` lacks them
    query_vector: NDArray[np.float32] | None = None  # float32 [dims], in the items' space
    R: NDArray[np.float32] | None = None  # float32 [dims]
    request_filters: Sequence[Mapping[str, Any]] = ()
    fields: TextFields = OWN_TEXTS  # of the language that is searched
    order: SortOrder | None = None  # of all matches; None: by relevance
    rule_filters: Sequence[Mapping[str, Any]] = ()
    exclude: Sequence[str] = ()  # item ids that must not come back
    exclude_groups: Sequence[str] = ()  # groups whose items must not come back
    collapse: bool = False  # each leg returns the best item of a group alone
    synonyms: Sequence[str] = ()  # texts whose words count as the query's
    pins: Mapping[str, bool] = field(default_factory=dict)  # item id to: unavailable ones too
    k: int = 100  # hits of each leg
    meaning_cut: float = -1.0  # least inner product of a hit without the query's words
    meaning_cut_alone: float = -1.0  # the same, where no item has a word of the query
    preference: str = ""  # the same text asks the same copies of the shards
    shards: Shards = ONE_SHARD
    popular: bool = False  # without a query the words leg returns popular items
    readable: Mapping[str, Any] | None = None  # of popular items those that come first
    exact: bool = False  # compare every vector, in place of HNSW
    titles: bool = False  # read titles for the re-ranker: a fifth more time in the engine
    timeout_s: float = 10.0
    beside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # further search bodies
    meaning_fields: Sequence[str] = ()  # doc values to read of the hits by meaning

    def with_bodies(self, bodies: Mapping[str, Mapping[str, Any]]) -> "RetrievalPlan":
        """The plan with further search bodies beside its legs."""
        return replace(self, beside={**self.beside, **bodies})

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts whose words count: the query's, and those of rules and synonyms."""
        return self.query_text, *self.synonyms

    @property
    def shard_copies(self) -> dict[str, str]:
        """The parameter of a search that says which copies of the shards answer; {}: any."""
        return {"preference": self.preference} if self.preference else {}

    @property
    def search_params(self) -> dict[str, Any]:
        """The parameters of one search for the plan."""
        return {"request_timeout": self.timeout_s, **self.shard_copies}

    def scoring_of(self, name: str) -> dict[str, str]:
        """The parameter of the search `name` that says how its words are scored; {}: as usual."""
        return self.shards.scoring if name == WORDS else {}

    @property
    def filters(self) -> list[Mapping[str, Any]]:
        """The filter clauses of every leg: the request's and rules', excluded items and groups."""
        wanted = [*self.request_filters, *self.rule_filters]
        excluded: list[Mapping[str, Any]] = []
        if self.exclude:
            excluded.append({"ids": {"values": list(self.exclude)}})
        if self.exclude_groups:
            excluded.append({"terms": {GROUP_KEY: sorted(self.exclude_groups)}})
        return [*wanted, {"bool": {"must_not": excluded}}] if excluded else wanted
