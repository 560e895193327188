"""Parses events that clients send, in our own form or as User Behavior Insights (UBI) events.

Each event is checked alone: a malformed one becomes an `EventError`, and the others are stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from query_service.schemas.answers import FieldError
from query_service.schemas.events import MAX_EVENTS, EventForm, ReceivedEvent
from query_service.schemas.identifiers import Id
from query_service.schemas.timestamps import seconds
from query_service.user.action_names import action_named
from query_service.user.actions import ACTIONS

MAX_NESTING = 50  # objects and lists inside each other in a UBI event, which is stored as it is
_OUR_FIELDS = frozenset(EventForm.model_fields)
_ID: TypeAdapter[str] = TypeAdapter(Id)


@dataclass(frozen=True)
class EventError:
    """A malformed event: which field is wrong, and why."""

    index: int  # in the request, from 0
    field: str
    message: str


class EventsMalformed(ValueError):
    """The body as a whole is not a list of events."""


class _WrongField(ValueError):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def parse_events(body: object) -> list[ReceivedEvent | EventError]:
    """One entry per event, in order: the parsed event, or what is wrong with it.

    `body` is one event, a list of events, or {"events": [...]}. Raises EventsMalformed.
    """
    if isinstance(body, Mapping) and "events" in body:
        if len(body) > 1:
            raise EventsMalformed('beside "events" there is nothing else in the body')
        body = body["events"]
        if not isinstance(body, list):
            raise EventsMalformed('"events" is a list of events')
    if isinstance(body, Mapping):
        body = [body]
    if not isinstance(body, list):
        raise EventsMalformed('the body is an event, a list of events, or {"events": [...]}')
    if not 0 < len(body) <= MAX_EVENTS:
        raise EventsMalformed(f"{len(body)} events: a request has 1 to {MAX_EVENTS} of them")
    return [_parse(index, event) for index, event in enumerate(body)]


def _parse(index: int, event: object) -> ReceivedEvent | EventError:
    try:
        if not isinstance(event, Mapping):
            raise _WrongField("", "an event is an object")  # noqa: TRY301
        return _from_ubi(event) if "action_name" in event else _from_ours(event)
    except _WrongField as error:
        return EventError(index, error.field, error.message)
    except ValidationError as error:
        first = field_errors(error)[0]
        return EventError(index, first.field, first.message)


def field_errors(error: ValidationError) -> list[FieldError]:
    """Each wrong field, by its dotted path, with what is wrong."""
    return [
        FieldError(
            field=".".join(str(key) for key in detail["loc"]),
            message=detail["msg"].removeprefix("Value error, "),
        )
        for detail in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _from_ours(event: Mapping[str, Any]) -> ReceivedEvent:
    unknown = sorted(set(map(str, event)) - _OUR_FIELDS)
    if unknown:
        known = ", ".join(sorted(_OUR_FIELDS))
        raise _WrongField(unknown[0], f"an event has no such field; known are {known}")
    fields = {name: value for name, value in event.items() if value is not None}
    if "action" in fields:
        fields["action"] = _action(fields["action"], "action")
    timestamp = _seconds(fields.pop("timestamp", None))
    return _received(EventForm.model_validate(fields), timestamp=timestamp)


def _from_ubi(event: Mapping[str, Any]) -> ReceivedEvent:
    """A UBI event; its other fields stay in `ubi`, for the row in ubi_events."""
    if deep := next((name for name, value in event.items() if _is_deeper(value)), ""):
        raise _WrongField(deep, f"it is nested more than {MAX_NESTING} deep")
    attributes = _object(event, "event_attributes", "event_attributes")
    item = _object(attributes, "object", "event_attributes.object")
    ordinal = _object(attributes, "position", "event_attributes.position").get("ordinal")
    client_id = _id(event.get("client_id"), "client_id")
    session_id = _id(event.get("session_id"), "session_id") or _id(
        attributes.get("session_id"), "event_attributes.session_id"
    )
    if not (session_id or client_id):
        raise _WrongField("session_id", "an event has a session_id or a client_id")
    item_id = item.get("object_id")
    if item_id in (None, ""):
        raise _WrongField("event_attributes.object.object_id", "the item's id is missing")
    action = _action(event["action_name"], "action_name")
    text = event.get("message") if action == "comment" else None
    if text is not None and not isinstance(text, str):
        raise _WrongField("message", "it is a text")
    try:
        form = EventForm.model_validate(
            {
                "action": action,
                "item_id": item_id,
                "session_id": session_id or client_id,
                "user_id": _id(event.get("user_id"), "user_id") or None,
                "query_id": None if event.get("query_id") == "" else event.get("query_id"),
                # Some clients count from 0; the row in ubi_events keeps their number.
                "position": ordinal if isinstance(ordinal, int) and ordinal >= 1 else None,
                "watched_fraction": attributes.get("watched_fraction"),
                "text": text,
                "event_id": _id(event.get("event_id"), "event_id") or None,
            }
        )
    except ValidationError as error:
        first = field_errors(error)[0]
        raise _WrongField(_UBI_NAMES.get(first.field, first.field), first.message) from error
    timestamp = _seconds(event.get("timestamp"))
    return _received(form, timestamp=timestamp, client_id=client_id, ubi=dict(event))


_UBI_NAMES = {
    "item_id": "event_attributes.object.object_id",
    "position": "event_attributes.position.ordinal",
    "watched_fraction": "event_attributes.watched_fraction",
    "text": "message",
}


def _received(form: EventForm, **more: Any) -> ReceivedEvent:
    return ReceivedEvent(**form.model_dump(exclude_none=True, exclude={"timestamp"}), **more)


def _action(name: object, field: str) -> str:
    if isinstance(name, str) and (action := action_named(name)) is not None:
        return action
    raise _WrongField(field, f"it is not an action on an item; known are {', '.join(ACTIONS)}")


def _id(value: object, field: str) -> str:
    if value in (None, ""):
        return ""
    try:
        return _ID.validate_python(value)
    except ValidationError as error:
        raise _WrongField(field, field_errors(error)[0].message) from error


def _object(parent: Mapping[str, Any], name: str, field: str) -> Mapping[str, Any]:
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _WrongField(field, "it is an object")
    return value


def _is_deeper(value: object, levels: int = MAX_NESTING) -> bool:
    """Whether objects and lists are nested more than `levels` deep."""
    layer = [value]
    for _ in range(levels + 1):
        layer = [
            child
            for each in layer
            if isinstance(each, Mapping | list)
            for child in (each.values() if isinstance(each, Mapping) else each)
        ]
    return bool(layer)


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    try:
        return seconds(value)
    except ValueError as error:
        raise _WrongField("timestamp", str(error)) from None
