"""The API's answers to requests for hits."""

from typing import Any, Literal

from pydantic import Field, PrivateAttr

from query_service.progress import Cause, RequestProgress
from query_service.schemas.fields.strict import Strict
from query_service.schemas.search.facets import Facet

ShareKind = Literal[
    "query",
    "search_history",
    "event",
    "user_history",
    "item",
    "model",
    "identifier",
    "diversity",
    "exposure",
    "rule",
]


class Share(Strict):
    """How much of a score came from one source; negative: it counted against the item."""

    kind: ShareKind
    label: str
    value: float
    item_id: str | None = None
    action: str | None = None
    text: str | None = None


class Explanation(Strict):
    """Why a hit is where it is: the shares' values add up to the score."""

    score: float
    legs: dict[str, float | None] = Field(description="Score of each leg; null: it lacks the item.")
    shares: list[Share]
    why: str
    pinned_by: str | None = Field(
        default=None, description="Id of the rule that put it where it is."
    )


class HitHighlight(Strict):
    """The query's words marked: HTML-escaped texts; the marks are the request's own."""

    title: str | None = None
    description: list[str] | None = Field(
        None, description="The best fragments; its beginning where no word is marked."
    )


class OtherVariants(Strict):
    """The other variants of a hit's product that match."""

    group_id: str
    others: int = Field(
        description="How many. `filters.group_id` with the same request returns them all."
    )


class Hit(Strict):
    """One item of an answer."""

    item_id: str
    score: float
    position: int
    source: dict[str, Any]
    by_meaning: bool = Field(
        False, description="It has none of the query's words: it came by meaning alone."
    )
    reranked: bool = Field(
        True,
        description="False below the re-ranked candidates: the engine's order, no person in it.",
    )
    variants: OtherVariants | None = Field(
        None, description="null: it is no variant, or the hits are not collapsed."
    )
    explanation: Explanation | None = None
    highlight: HitHighlight | None = None


class Total(Strict):
    """How many hits all pages have together, exactly (eq) or at least (gte).

    Of a search: the items with the query's words, and `by_meaning` more without them. Of a
    recommendation: the items that the filters allow. Items that a rule pins count too. Of collapsed
    hits: groups in place of items.
    """

    value: int
    relation: Literal["eq", "gte"] = "eq"
    by_meaning: int = 0


class Degradation(Strict):
    """A stage that this answer had to do without."""

    stage: str
    reason: str
    cause: Cause = Field(
        "failed",
        description="late: past the deadline; unavailable: OpenSearch can't be reached; engine: it "
        "answered with an error, or not in full; refused: this index or these settings can't do "
        "it; earlier: the first page of the list went without; failed: anything else.",
    )


def degradations(progress: RequestProgress) -> list[Degradation]:
    """The stages that an answer has to do without."""
    return [
        Degradation(stage=stage, reason=reason, cause=progress.cause_of(stage))
        for stage, reason in progress.left_out.items()
    ]


class QueryCut(Strict):
    """A long query, of which the engine was asked the most informative words only."""

    searched: str
    terms_left_out: int


class CorrectedWord(Strict):
    """A word of the query that no item has, and the near one that titles have."""

    from_: str = Field(alias="from")
    to: str


class DidYouMean(Strict):
    """The query with its misspelt words corrected; the hits have the near words already."""

    query: str
    words: list[CorrectedWord]


class AppliedRule(Strict):
    """A rule that applied to an answer, and what it did there."""

    id: str
    name: str
    did: list[str]


class Banner(Strict):
    """The data of a banner, and the rule that it comes from."""

    rule_id: str
    data: dict[str, Any]


class ExperimentPart(Strict):
    """The experiment that an answer is part of, for caches and logs of clients."""

    id: str
    variant: Literal["a", "b", "interleaved"]
    teams: list[Literal["a", "b"] | None] | None = Field(
        None, description="Of an interleaved answer: whose pick each hit is, in order."
    )


class Instead(Strict):
    """Items beside an answer without hits; they have nothing to do with the query."""

    kind: Literal["personal", "popular"] = Field(
        description="By what the visitor did, or popular items of several categories."
    )
    filtered: bool = Field(description="They fulfil the request's filters; else no item does.")
    hits: list[Hit]


class SearchResponse(Strict):
    """Ranked items, and what the answer says of itself."""

    # What is kept of the scores, by item id; no part of what is sent.
    _kept_shares: dict[str, dict[str, Any]] = PrivateAttr(default_factory=dict)

    query_id: str
    hits: list[Hit]
    total: Total
    timing_ms: dict[str, float]
    stages_run: list[str]
    degraded: list[Degradation]
    query_cut: QueryCut | None = Field(None, description="null: the whole query was searched.")
    synonyms: list[str] = Field(
        default_factory=list,
        description="Texts that were searched beside the query, by synonyms and rules.",
    )
    did_you_mean: DidYouMean | None = Field(
        None, description="null: no word is corrected, or `spelling` is false."
    )
    facets: dict[str, Facet] | None = Field(
        None, description="By name; null: none are asked for. One that failed is not there."
    )
    missing_words: list[str] = Field(
        default_factory=list,
        description="Of a first page: words of the query that no item has together with its other "
        "words. The hits do without some of them.",
    )
    instead: Instead | None = Field(None, description="null: there are hits.")
    index: str
    language: str | None = Field(
        None, description="Whose texts were searched and are shown; null: the items' own texts."
    )
    personalized: bool
    collapsed: bool = Field(False, description="Each product is one hit, its best variant.")
    next_cursor: str | None = Field(
        None, description="For the page that follows this one; null after the last hit."
    )
    rules_applied: list[AppliedRule] = Field([], description="Rules whose conditions held.")
    redirect: str | None = Field(None, description="Where a rule sends the visitor.")
    experiment: ExperimentPart | None = Field(
        None, description="null: the visitor takes part in none."
    )
    banners: list[Banner] = Field([], description="Data that rules give to the front end.")

    @property
    def kept_shares(self) -> dict[str, dict[str, Any]]:
        """What is kept of the scores, by item id."""
        return self._kept_shares

    @kept_shares.setter
    def kept_shares(self, shares: dict[str, dict[str, Any]]) -> None:
        self._kept_shares = shares


class RankResponse(SearchResponse):
    """The given items in order; those the index does not have are named."""

    unknown_item_ids: list[str]
