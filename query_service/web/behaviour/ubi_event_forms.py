"""Events of User Behavior Insights (UBI), as its JavaScript client and others send them."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from query_service.schemas.behaviour.consent import ConsentFields
from query_service.schemas.behaviour.events import IMPRESSION, EventForm, OtherEvent, ReceivedEvent
from query_service.user.action_names import action_named
from query_service.web.behaviour.event_fields import (
    action_of,
    check_nesting,
    consent_of,
    id_of,
    object_of,
    seconds_of,
    text_of,
)
from query_service.web.field_errors import WrongField, first_error

_UBI_NAMES = {
    "action": "action_name",
    "item_id": "event_attributes.object.object_id",
    "position": "event_attributes.position.ordinal",
    "watched_fraction": "event_attributes.watched_fraction",
    "text": "message",
}


def from_ubi(event: Mapping[str, Any], *, any_action: bool = False) -> ReceivedEvent:
    """A UBI event; its other fields stay in `ubi`, for the row in ubi_events.

    With `any_action` it may be no action on an item (a filter, a page): such an event does not
    count. Raises WrongField.
    """
    check_nesting(event)
    attributes = object_of(event, "event_attributes", "event_attributes")
    item = object_of(attributes, "object", "event_attributes.object")
    ordinal = object_of(attributes, "position", "event_attributes.position").get("ordinal")
    client_id = id_of(event.get("client_id"), "client_id")
    session_id = id_of(event.get("session_id"), "session_id") or id_of(
        attributes.get("session_id"), "event_attributes.session_id"
    )
    if not (session_id or client_id):
        raise WrongField("session_id", "an event has a session_id or a client_id")
    item_id = item.get("object_id")
    is_other = any_action and _is_other(event["action_name"], item_id)
    if not is_other and item_id in (None, ""):
        raise WrongField("event_attributes.object.object_id", "the item's id is missing")
    action = event["action_name"] if is_other else action_of(event["action_name"], "action_name")
    fields = {
        "action": action,
        "item_id": item_id or None if is_other else item_id,
        "session_id": session_id or client_id,
        "user_id": id_of(event.get("user_id"), "user_id") or None,
        "query_id": None if event.get("query_id") == "" else event.get("query_id"),
        # Some clients count from 0; the row in ubi_events keeps their number.
        "position": ordinal if isinstance(ordinal, int) and ordinal >= 1 else None,
        "watched_fraction": attributes.get("watched_fraction"),
        "text": text_of(event.get("message"), "message", 2000) if action == "comment" else None,
        "event_id": id_of(event.get("event_id"), "event_id") or None,
    }
    try:
        known = (OtherEvent if is_other else EventForm).model_validate(fields)
    except ValidationError as error:
        wrong = first_error(error)
        field = _UBI_NAMES.get(wrong.field, wrong.field)
        raise WrongField(field, wrong.message) from error
    return ReceivedEvent(
        **known.received() | {"consent": consent_of(event)},
        timestamp=seconds_of(event.get("timestamp")),
        client_id=client_id,
        counts=not is_other and action != IMPRESSION,
        ubi={name: each for name, each in event.items() if name not in ConsentFields.model_fields},
    )


def _is_other(name: object, item_id: object) -> bool:
    """Whether an event is no action on an item."""
    if not isinstance(name, str):
        return False
    return item_id in (None, "") or (name.strip().lower() != IMPRESSION and not action_named(name))
