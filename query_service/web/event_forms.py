"""Events as clients send them: our own form, or that of User Behavior Insights, to one form.

Each event is judged alone: a malformed one is named, and the others are kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from query_service.schemas.events import MOST_EVENTS, EventForm, ReceivedEvent
from query_service.schemas.search import Id
from query_service.schemas.timestamps import seconds
from query_service.user.actions import ACTIONS

# Names that others have for our actions; ACTIONS themselves need no line here.
ALIASES = {
    "item_click": "click",
    "product_click": "click",
    "click_through": "click",
    "product_view": "view",
    "view_item": "view",
    "item_view": "view",
    "product_hover": "view",
    "addtocart": "add_to_cart",
    "add_to_basket": "add_to_cart",
    "buy": "purchase",
    "order": "purchase",
    "checkout": "purchase",
    "play": "watch",
    "video_watch": "watch",
    "favorite": "like",
    "favourite": "like",
    "add_to_wishlist": "like",
    "thumbs_up": "like",
    "review": "comment",
    "thumbs_down": "dislike",
    "declined_product": "dislike",
    "reject": "dislike",
    "removefromcart": "remove_from_cart",
    "remove_from_basket": "remove_from_cart",
}

_OUR_FIELDS = frozenset(EventForm.model_fields)
_ID: TypeAdapter[str] = TypeAdapter(Id)


@dataclass(frozen=True)
class EventError:
    """A malformed event: its place in the request, and what is wrong."""

    index: int
    field: str
    message: str


class EventsMalformed(ValueError):
    """The body as a whole is not a list of events."""


class _Wrong(ValueError):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def parse_events(body: object) -> list[ReceivedEvent | EventError]:
    """One entry per event, in order: the event in our form, or what is wrong with it.

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
    if not 0 < len(body) <= MOST_EVENTS:
        raise EventsMalformed(f"{len(body)} events: a request has 1 to {MOST_EVENTS} of them")
    return [_parse(index, event) for index, event in enumerate(body)]


def _parse(index: int, event: object) -> ReceivedEvent | EventError:
    try:
        if not isinstance(event, Mapping):
            raise _Wrong("", "an event is an object")  # noqa: TRY301
        return _from_ubi(event) if "action_name" in event else _from_ours(event)
    except _Wrong as error:
        return EventError(index, error.field, error.message)
    except ValidationError as error:
        field, message = first_error(error)
        return EventError(index, field, message)


def first_error(error: ValidationError) -> tuple[str, str]:
    """Field and message of the first thing that is wrong."""
    detail = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in detail["loc"])
    return field, detail["msg"].removeprefix("Value error, ")


def _from_ours(event: Mapping[str, Any]) -> ReceivedEvent:
    unknown = sorted(set(map(str, event)) - _OUR_FIELDS)
    if unknown:
        known = ", ".join(sorted(_OUR_FIELDS))
        raise _Wrong(unknown[0], f"an event has no such field; known are {known}")
    given = {name: value for name, value in event.items() if value is not None}
    if "action" in given:
        given["action"] = _action(given["action"], "action")
    moment = _seconds(given.pop("timestamp", None))
    form = EventForm.model_validate(given)
    return _received(form, timestamp=moment)


def _from_ubi(event: Mapping[str, Any]) -> ReceivedEvent:
    """A UBI event; what our form has no place for stays in `ubi`, for the row in ubi_events."""
    attributes = _object(event, "event_attributes", "event_attributes")
    item = _object(attributes, "object", "event_attributes.object")
    place = _object(attributes, "position", "event_attributes.position")
    client_id = _id(event.get("client_id"), "client_id")
    session_id = event.get("session_id") or attributes.get("session_id")
    field = "session_id" if session_id else "client_id"
    session_id = _id(session_id or client_id, field)
    if not session_id:
        raise _Wrong("session_id", "an event has a session_id or a client_id")
    item_id = item.get("object_id")
    if item_id in (None, ""):
        raise _Wrong("event_attributes.object.object_id", "the item's id is missing")
    action = _action(event["action_name"], "action_name")
    ordinal = place.get("ordinal")
    text = event.get("message") if action == "comment" else None
    if text is not None and not isinstance(text, str):
        raise _Wrong("message", "it is a text")
    try:
        form = EventForm.model_validate(
            {
                "action": action,
                "item_id": str(item_id) if isinstance(item_id, int) else item_id,
                "session_id": session_id,
                "user_id": event.get("user_id") or None,
                "query_id": event.get("query_id") or None,
                # Some count from 0; the row in ubi_events keeps the number as it is.
                "position": ordinal if isinstance(ordinal, int) and ordinal >= 1 else None,
                "watched_fraction": attributes.get("watched_fraction"),
                "text": text,
                "event_id": event.get("event_id") or None,
            }
        )
    except ValidationError as error:
        field, message = first_error(error)
        raise _Wrong(_UBI_NAMES.get(field, field), message) from error
    moment = _seconds(event.get("timestamp"))
    return _received(form, timestamp=moment, client_id=client_id, ubi=dict(event))


_UBI_NAMES = {
    "item_id": "event_attributes.object.object_id",
    "position": "event_attributes.position.ordinal",
    "watched_fraction": "event_attributes.watched_fraction",
    "text": "message",
}


def _received(form: EventForm, **more: Any) -> ReceivedEvent:
    given = form.model_dump(exclude_none=True, exclude={"timestamp"})
    return ReceivedEvent(**given, **more)


def _action(name: object, field: str) -> str:
    if isinstance(name, str):
        plain = name.strip().lower().replace("-", "_").replace(" ", "_")
        action = ALIASES.get(plain, plain)
        if action in ACTIONS:
            return action
    raise _Wrong(field, f"it is not an action on an item; known are {', '.join(ACTIONS)}")


def _id(value: object, field: str) -> str:
    if value in (None, ""):
        return ""
    try:
        return _ID.validate_python(value)
    except ValidationError as error:
        raise _Wrong(field, first_error(error)[1]) from error


def _object(parent: Mapping[str, Any], name: str, field: str) -> Mapping[str, Any]:
    found = parent.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise _Wrong(field, "it is an object")
    return found


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    try:
        return seconds(value)
    except ValueError as error:
        raise _Wrong("timestamp", str(error)) from None
