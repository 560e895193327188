"""The API's requests and answers about events and sessions.

The forms of one event, in order: a client sends an `EventForm` or a `UbiEvent`; `web.event_forms`
checks it and makes a `ReceivedEvent`; `sessions.intake` adds the item's data, which gives the
`user.visitor.Event` that the user vector reads. Two rows store it: one in the documents of session
and user (`sessions.documents`), one in ubi_events (`sessions.ubi_rows`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from query_service.schemas.identifiers import Id, ItemId, QueryId
from query_service.schemas.numbers import NO_TEXT, Number
from query_service.schemas.strict import Strict
from query_service.user.actions import Action

MAX_EVENTS = 500  # in one request


class EventForm(Strict):
    """What a visitor did with an item, in our own form."""

    action: Action
    item_id: ItemId
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
    """A well-formed event of either form; "" and None where the client sent nothing."""

    action: str  # one of ACTIONS
    item_id: str
    session_id: str
    user_id: str = ""
    client_id: str = ""
    event_id: str = ""
    timestamp: float | None = None  # seconds since 1970; None: now
    query_id: str = ""
    position: int | None = None  # from 1
    watched_fraction: float | None = None  # 0 to 1
    text: str = ""
    ubi: Mapping[str, Any] | None = None  # the UBI event as it came


class EventList(Strict):
    """Several events at once, in either form."""

    events: list[EventForm | UbiEvent] = Field(max_length=MAX_EVENTS)


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
