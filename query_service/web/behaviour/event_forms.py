"""Parses events that clients send, in our own form or as User Behavior Insights (UBI) events.

Each event is checked alone: a malformed one becomes an `EventError`, and the others are stored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from query_service.schemas.behaviour.events import IMPRESSION, MAX_EVENTS, EventForm, ReceivedEvent
from query_service.web.behaviour.event_fields import action_of, seconds_of
from query_service.web.behaviour.ubi_event_forms import from_ubi
from query_service.web.field_errors import BodyMalformed, WrongField, first_error

_OUR_FIELDS = frozenset(EventForm.model_fields)


@dataclass(frozen=True)
class EventError:
    """A malformed event: which field is wrong, and why."""

    index: int  # in the request, from 0
    field: str
    message: str


ParsedEvents = list[ReceivedEvent | EventError]


def parse_events(body: object, *, any_action: bool = False) -> ParsedEvents:
    """One entry per event, in order: the parsed event, or what is wrong with it.

    `body` is one event, a list of events, or {"events": [...]}. With `any_action` a UBI event may
    be no action on an item: it is kept, and does not count. Raises BodyMalformed.
    """

    def parsed(event: object) -> ReceivedEvent:
        if not isinstance(event, Mapping):
            raise WrongField("", "an event is an object")
        if "action_name" in event:
            return from_ubi(event, any_action=any_action)
        return from_ours(event)

    return [one(index, event, parsed) for index, event in enumerate(events_of(body))]


def events_of(body: object) -> Sequence[object]:
    """The events of a body that is one, a list of them, or {"events": [...]}.

    Raises BodyMalformed.
    """
    if isinstance(body, Mapping) and "events" in body:
        if len(body) > 1:
            raise BodyMalformed('beside "events" there is nothing else in the body')
        body = body["events"]
        if not isinstance(body, list):
            raise BodyMalformed('"events" is a list of events')
    if isinstance(body, Mapping):
        body = [body]
    if not isinstance(body, list):
        raise BodyMalformed('the body is an event, a list of events, or {"events": [...]}')
    if not 0 < len(body) <= MAX_EVENTS:
        raise BodyMalformed(f"{len(body)} events: a request has 1 to {MAX_EVENTS} of them")
    return body


def one(
    index: int, event: object, parsed: Callable[[object], ReceivedEvent]
) -> ReceivedEvent | EventError:
    """What `parsed` returns, or what is wrong with the event."""
    try:
        return parsed(event)
    except ValidationError as error:
        wrong = first_error(error)
    except WrongField as error:
        wrong = error
    return EventError(index, wrong.field, wrong.message)


def from_ours(event: Mapping[str, Any]) -> ReceivedEvent:
    """An event in our own form. Raises WrongField, ValidationError."""
    unknown = sorted(set(map(str, event)) - _OUR_FIELDS)
    if unknown:
        known = ", ".join(sorted(_OUR_FIELDS))
        raise WrongField(unknown[0], f"an event has no such field; known are {known}")
    # null is what is not sent, but of `personalize` no request may leave it open.
    fields = {n: value for n, value in event.items() if value is not None or n == "personalize"}
    if "action" in fields:
        fields["action"] = action_of(fields["action"], "action")
    timestamp = seconds_of(fields.pop("timestamp", None))
    form = EventForm.model_validate(fields)
    counts = form.action != IMPRESSION
    return ReceivedEvent(**form.received(), timestamp=timestamp, counts=counts)
