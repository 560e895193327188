"""The API's requests and answers about events and sessions.

The forms of one event, in order: a client sends an `EventForm`, a `UbiEvent` or an
`InsightsEvent`; `web.behaviour` checks it and makes a `ReceivedEvent`; `sessions.intake` adds the
item's data, which gives the `user.visitor.Event` that the user vector reads. Two rows store it: one
in the documents of session and user (`sessions.documents`), one in ubi_events
(`sessions.ubi.ubi_rows`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from query_service.privacy.consent import NOTHING_REFUSED, RequestConsent
from query_service.schemas.behaviour.consent import ConsentFields
from query_service.schemas.fields.identifiers import Id, ItemId, QueryId
from query_service.schemas.fields.numbers import NO_TEXT, Number
from query_service.schemas.fields.strict import Strict
from query_service.user.actions import Action

MAX_EVENTS = 500  # in one request
IMPRESSION = "impression"  # the visitor saw an item in a list: no action of theirs


class _EventFields(ConsentFields):
    session_id: Id
    user_id: Id | None = None
    timestamp: datetime | float | None = Field(
        None, description="A time, or s, ms, µs or ns since 1970, as digits too; absent: now."
    )
    query_id: QueryId | None = Field(None, description="Of the answer it came from.")
    position: Annotated[int, Field(ge=1, le=100_000), NO_TEXT] | None = Field(
        None, description="Of the hit, from 1."
    )
    watched_fraction: Number | None = Field(None, ge=0, le=1, description="Of a watch.")
    text: str | None = Field(None, max_length=2000, description="Of a comment.")
    event_id: Id | None = Field(None, description="An event that is sent twice counts once.")

    def received(self) -> dict[str, Any]:
        """The fields of a `ReceivedEvent`, without the time."""
        other = {"timestamp", *ConsentFields.model_fields}
        return self.model_dump(exclude_none=True, exclude=other) | {"consent": self.consent}


class _ItemAction(Strict):
    action: Action | Literal["impression"] = Field(
        description="An impression (the visitor saw the item) is kept, and does not count."
    )
    item_id: ItemId


class EventForm(_EventFields, _ItemAction):  # whose fields come in the order of the bases' reverse
    """What a visitor did with an item, in our own form."""


class OtherEvent(_EventFields):
    """What a visitor did that is no action on an item: a filter, a page."""

    action: Annotated[str, Field(min_length=1, max_length=100)]
    item_id: ItemId | None = None


UbiId = Id | Literal[""] | None  # trackers send empty texts


class UbiEvent(BaseModel):
    """An event of User Behavior Insights 1.3, as it is."""

    model_config = ConfigDict(extra="allow")

    action_name: str = Field(json_schema_extra={"example": "click"})
    client_id: UbiId = Field(None, description="Or session_id.")
    session_id: UbiId = None
    user_id: UbiId = None
    query_id: QueryId | None = None
    timestamp: datetime | float | None = None
    event_attributes: dict[str, Any] = Field(
        description="With object.object_id, the item's id.",
        json_schema_extra={
            "required": ["object"],
            "properties": {"object": {"type": "object", "required": ["object_id"]}},
            "example": {"object": {"object_id": "B07-42"}, "position": {"ordinal": 3}},
        },
    )


@dataclass(frozen=True)
class ReceivedEvent:
    """A well-formed event of any form; "" and None where the client sent nothing."""

    action: str  # one of ACTIONS, IMPRESSION, or the tracker's own name
    session_id: str
    item_id: str = ""
    user_id: str = ""
    client_id: str = ""
    event_id: str = ""
    timestamp: float | None = None  # seconds since 1970; None: now
    query_id: str = ""
    position: int | None = None  # from 1
    watched_fraction: float | None = None  # 0 to 1
    text: str = ""
    ubi: Mapping[str, Any] | None = None  # fields of the row in ubi_events, as they came
    counts: bool = True  # it is an action on an item; else it is kept in ubi_events alone
    consent: RequestConsent = NOTHING_REFUSED


@dataclass(frozen=True)
class ReceivedQuery:
    """A query that a visitor sent to another engine, or that this service answered."""

    query_id: str
    session_id: str
    query_text: str
    client_id: str = ""
    user_id: str = ""
    timestamp: float | None = None  # seconds since 1970; None: now
    attributes: Mapping[str, Any] = field(default_factory=dict)
    hit_ids: tuple[str, ...] = ()
    consent: RequestConsent = NOTHING_REFUSED


class InsightsEvent(BaseModel):
    """An event as the library search-insights sends it."""

    model_config = ConfigDict(extra="allow")

    eventType: Literal["click", "conversion", "view"]  # noqa: N815
    eventSubtype: Literal["addToCart", "purchase"] | None = None  # noqa: N815
    eventName: str = Field("", max_length=500)  # noqa: N815
    userToken: UbiId = Field(None, description="The session.")  # noqa: N815
    authenticatedUserToken: UbiId = Field(None, description="The user.")  # noqa: N815
    queryID: str | None = Field(None, max_length=128)  # noqa: N815
    objectIDs: list[ItemId] | None = Field(None, max_length=100)  # noqa: N815
    positions: list[int] | None = Field(None, description="Of each item, from 1.")
    timestamp: datetime | float | None = None


class InsightsEvents(Strict):
    """Events of the library search-insights."""

    events: list[InsightsEvent] = Field(max_length=MAX_EVENTS)


class UbiQuery(BaseModel):
    """A query of User Behavior Insights 1.3, as it is."""

    model_config = ConfigDict(extra="allow")

    query_id: Id
    user_query: str = Field(max_length=512, json_schema_extra={"example": "wireless headphones"})
    client_id: UbiId = Field(None, description="Or session_id.")
    session_id: UbiId = None
    user_id: UbiId = None
    timestamp: datetime | float | None = None
    query_attributes: dict[str, Any] | None = None
    query_response_hit_ids: list[ItemId] | None = Field(None, max_length=1000)


class EventList(Strict):
    """Several events at once, in either form."""

    events: list[EventForm | UbiEvent] = Field(max_length=MAX_EVENTS)


class EventAnswer(Strict):
    """What became of one event, or of one query."""

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
