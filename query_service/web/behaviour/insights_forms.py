"""Events as the library search-insights sends them (`POST /1/events`), from InstantSearch too."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from query_service.access.restrictions import request_limits
from query_service.schemas.behaviour.events import IMPRESSION, EventForm, OtherEvent, ReceivedEvent
from query_service.user.action_names import action_named
from query_service.user.user_session import ANONYMOUS, session_of_user
from query_service.web.behaviour.event_fields import (
    check_nesting,
    consent_of,
    id_of,
    seconds_of,
    text_of,
)
from query_service.web.behaviour.event_forms import EventError, ParsedEvents, events_of
from query_service.web.field_errors import BodyMalformed, WrongField, first_error

MAX_OBJECTS = 100  # items of one event
MAX_ROWS = 1000  # of one request, one for each item of each event
_TYPES = ("click", "conversion", "view")
_SUBTYPES = {"addtocart": "add_to_cart", "purchase": "purchase"}
_ABOUT_ITSELF = "instantsearch"  # a front end's report on its own widgets
_HITS_VIEWED = "hitsviewed"  # InstantSearch's name of the event that it sends for each list
_OUR_NAMES = {
    "action": "eventName",
    "item_id": "objectIDs",
    "session_id": "userToken",
    "user_id": "authenticatedUserToken",
    "query_id": "queryID",
    "position": "positions",
}


def parse_insights(body: object) -> ParsedEvents:
    """The events of {"events": [...]}, one for each of their items; an error has an event's index.

    What a front end reports of itself is left out.

    Raises BodyMalformed.
    """
    parsed: ParsedEvents = []
    for index, event in enumerate(events_of(body)):
        try:
            if not isinstance(event, Mapping):
                raise WrongField("", "an event is an object")  # noqa: TRY301
            if event.get("eventType") == _ABOUT_ITSELF:
                continue
            check_nesting(event)
            parsed += list(_events(event))
        except WrongField as error:
            parsed.append(EventError(index, error.field, error.message))
        if len(parsed) > MAX_ROWS:
            raise BodyMalformed(f"the events name more than {MAX_ROWS} items together: send fewer")
    return parsed


def _events(event: Mapping[str, Any]) -> Iterator[ReceivedEvent]:
    item_ids = _list(event, "objectIDs")
    positions = _list(event, "positions")
    if len(item_ids) > MAX_OBJECTS:
        raise WrongField("objectIDs", f"{len(item_ids)} items: an event has at most {MAX_OBJECTS}")
    if positions and len(positions) != len(item_ids):
        raise WrongField(
            "positions", f"there are {len(positions)} for {len(item_ids)} objectIDs: one for each"
        )
    details = _list(event, "objectData")
    action = _action(event, len(item_ids))
    if not item_ids:  # filters that were clicked or shown: no action on an item
        yield _event(event, f"filter_{event['eventType']}", None, None, {})
    for number, item_id in enumerate(item_ids):
        detail = details[number] if number < len(details) else None
        position = positions[number] if positions else None
        yield _event(event, action, item_id, position, detail if detail else {})


def _action(event: Mapping[str, Any], items: int) -> str:
    """Our name of what was done; a view of a list is an impression of each of its items."""
    kind, name = event.get("eventType"), text_of(event.get("eventName"), "eventName", 500)
    if kind not in _TYPES:
        raise WrongField("eventType", f"it is {kind!r}; known are {', '.join(_TYPES)}")
    if kind == "click":
        return "click"
    if kind == "view":
        from_a_list = "".join(filter(str.isalpha, name.lower())) == _HITS_VIEWED
        return IMPRESSION if items > 1 or from_a_list else "view"
    subtype = text_of(event.get("eventSubtype"), "eventSubtype", 100)
    if subtype and subtype.lower() not in _SUBTYPES:
        raise WrongField("eventSubtype", f"it is {subtype!r}; known are addToCart, purchase")
    return _SUBTYPES.get(subtype.lower()) or action_named(name) or "purchase"


def _event(
    event: Mapping[str, Any], action: str, item_id: object, position: object, detail: object
) -> ReceivedEvent:
    if not isinstance(detail, Mapping):
        raise WrongField("objectData", "it is a list of objects, one for each of objectIDs")
    session_id, user_id = _visitor(event)
    fields = {
        "action": action,
        "item_id": item_id,
        "session_id": session_id,
        "user_id": user_id or None,
        "query_id": detail.get("queryID") or event.get("queryID") or None,
        "position": position,
    }
    form = OtherEvent if item_id is None else EventForm
    try:
        known = form.model_validate(fields).received()
    except ValidationError as error:
        wrong = first_error(error)
        raise WrongField(_OUR_NAMES.get(wrong.field, wrong.field), wrong.message) from error
    return ReceivedEvent(
        **known | {"consent": consent_of(event)},
        timestamp=seconds_of(event.get("timestamp")),
        counts=form is EventForm and action != IMPRESSION,
        ubi={"event_attributes": _attributes(event, known, detail)},
    )


def _visitor(event: Mapping[str, Any]) -> tuple[str, str]:
    """The session and the user ("": none), as a search with the same token has them.

    To a caller that may not name the user a token is the name of a session, and no user's.
    """
    token = id_of(event.get("userToken"), "userToken")
    user_id = id_of(event.get("authenticatedUserToken"), "authenticatedUserToken")
    if not (token or user_id):
        raise WrongField("userToken", "an event has a userToken or an authenticatedUserToken")
    if token in ("", user_id):
        return session_of_user(user_id), user_id
    if user_id or token.startswith(ANONYMOUS) or not request_limits().allows_user(token):
        return token, user_id
    return session_of_user(token), token


def _attributes(
    event: Mapping[str, Any], known: Mapping[str, Any], detail: Mapping[str, Any]
) -> dict[str, Any]:
    """The attributes of the row in ubi_events: the item, its position, and what came with them."""
    item = {"object_id": known["item_id"]} if "item_id" in known else {}
    attributes: dict[str, Any] = {"object": {**detail, **item}}
    if "position" in known:
        attributes["position"] = {"ordinal": known["position"]}
    more = ("eventName", "index", "filters", "value", "currency")
    attributes["insights"] = {name: event[name] for name in more if name in event}
    return attributes


def _list(event: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = event.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise WrongField(name, "it is a list")
    return value
