"""The API's requests and answers; the OpenAPI document is made from these classes."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from query_service.actions import Action, Scenario

Id = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=128, pattern=r"^[\w.:@-]+$"),
]
ItemId = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Deadline = Annotated[int | None, Field(ge=1, le=60000, description="Time for the answer, ms.")]
DEEPEST = 1000  # hits that can be paged through
MOST_EVENTS = 500  # in one request


class Strict(BaseModel):
    """No unknown keys: a mistyped field is an error, not a silent default."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class PriceRange(Strict):
    """Bounds of the price, both inclusive."""

    gte: float | None = Field(None, ge=0)
    lte: float | None = Field(None, ge=0)


class Filters(Strict):
    """Every hit fulfils all of them; several values of one field mean any of them."""

    brand: str | list[str] | None = None
    category: str | list[str] | None = Field(None, description='A path: "Phones > Smartphones".')
    price: PriceRange | None = None
    available: bool | None = None
    language: str | list[str] | None = None
    attributes: dict[str, str] | None = None


class _Visit(Strict):
    session_id: Id
    user_id: Id | None = None
    explain: bool = False
    deadline_ms: Deadline = None


class _Paged(_Visit):
    size: int = Field(10, ge=1, le=100)
    from_: int = Field(0, ge=0, le=DEEPEST, alias="from")
    filters: Filters | None = None
    personalize: bool = True
    scenario: Scenario = "shop"

    @model_validator(mode="after")
    def _not_too_deep(self) -> "_Paged":
        if self.from_ + self.size > DEEPEST:
            raise ValueError(f"from + size is {self.from_ + self.size}, at most {DEEPEST}")
        return self


class SearchRequest(_Paged):
    """A live query of a visitor."""

    query: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=512)]


class RecommendRequest(_Paged):
    """No query: a start page, a feed, what to watch next."""


class RankRequest(_Visit):
    """Items of another engine's answer, to be ordered for this visitor."""

    item_ids: list[ItemId] = Field(min_length=1, max_length=500)
    query: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=512)]
        | None
    ) = None
    size: int | None = Field(None, ge=1, le=500)

    @model_validator(mode="after")
    def _unique(self) -> "RankRequest":
        if len(set(self.item_ids)) != len(self.item_ids):
            raise ValueError("item_ids: an id stands there twice")
        return self


ShareKind = Literal["query", "search_history", "event", "user_history", "item", "model"]


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


class Hit(Strict):
    """One item of an answer."""

    item_id: str
    score: float
    position: int
    source: dict[str, Any]
    explanation: Explanation | None = None


class Total(Strict):
    """How many items match the query's words, exactly (eq) or at least (gte)."""

    value: int
    relation: Literal["eq", "gte"] = "eq"


class Degradation(Strict):
    """A stage that this answer had to do without."""

    stage: str
    reason: str


class SearchResponse(Strict):
    """Ranked items, and what the answer says of itself."""

    query_id: str
    hits: list[Hit]
    total: Total
    timing_ms: dict[str, float]
    stages_run: list[str]
    degraded: list[Degradation]
    index: str
    personalized: bool


class RankResponse(SearchResponse):
    """The given items in order; those the index does not have are named."""

    unknown_item_ids: list[str]


class EventForm(Strict):
    """What a visitor did with an item, in our own form."""

    action: Action
    item_id: ItemId
    session_id: Id
    user_id: Id | None = None
    timestamp: datetime | float | None = Field(
        None, description="ISO 8601, or seconds or ms since 1970; absent: now."
    )
    query_id: str | None = Field(None, max_length=128, description="Of the answer it came from.")
    position: int | None = Field(None, ge=1, le=100_000, description="Of the hit, from 1.")
    watched_fraction: float | None = Field(None, ge=0, le=1, description="Of a watch.")
    text: str | None = Field(None, max_length=2000, description="Of a comment.")
    event_id: Id | None = Field(None, description="An event that is sent twice counts once.")


class UbiEvent(BaseModel):
    """An event of User Behavior Insights 1.3, as it is."""

    model_config = ConfigDict(extra="allow")

    action_name: str
    client_id: Id
    session_id: Id | None = None
    user_id: Id | None = None
    query_id: str | None = None
    timestamp: datetime | float | None = None
    event_attributes: dict[str, Any] = Field(description="With object.object_id, the item's id.")


class EventList(Strict):
    """Several events at once, in either form."""

    events: list[EventForm | UbiEvent] = Field(max_length=MOST_EVENTS)


class EventIn(Strict):
    """An event, checked and in our own form, whichever form it came in."""

    action: Action
    item_id: str = Field("", max_length=512)
    session_id: Id
    user_id: str = ""
    client_id: str = ""
    event_id: str = ""
    timestamp: float | None = Field(None, description="Seconds since 1970; absent: now.")
    query_id: str = ""
    position: int | None = Field(None, ge=1)
    watched_fraction: float | None = Field(None, ge=0, le=1)
    text: str = Field("", max_length=2000)
    ubi: dict[str, Any] | None = Field(None, description="The UBI event as it came.")


class EventAnswer(Strict):
    """What became of one event."""

    index: int = Field(description="Its place in the request, from 0.")
    status: Literal["accepted", "accepted_unknown_item", "rejected"]
    event_id: str | None = None
    error: str | None = None
    field: str | None = Field(default=None, description="The field that is wrong.")
    note: str | None = Field(default=None, description="What was done differently than asked.")


class EventsResponse(Strict):
    """What became of the events, one by one."""

    accepted: int
    rejected: int
    items: list[EventAnswer]


class Rows(Strict):
    """Rows of a UBI index: how many there are, and the first of them."""

    count: int
    rows: list[dict[str, Any]]


class SessionResponse(Strict):
    """All that is kept of a session; of vectors only how long they are."""

    session_id: str
    session: dict[str, Any] | None
    user_documents: int = Field(description="Documents of users that tell of this session.")
    ubi_queries: Rows
    ubi_events: Rows


class DeletedResponse(Strict):
    """How many documents are gone."""

    sessions: int
    users: int
    ubi_queries: int
    ubi_events: int


class FieldError(Strict):
    """One wrong field of a request."""

    field: str
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str = Field(description="The request's id, as in the log.")
    errors: list[FieldError] | None = None
