"""Single fields of events and queries, as trackers send them."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from indexer.catalogue.values.text import shown
from indexer.catalogue.values.times import SECONDS_BEGIN
from query_service.privacy.consent import RequestConsent
from query_service.schemas.behaviour.consent import ConsentFields
from query_service.schemas.behaviour.events import IMPRESSION
from query_service.schemas.fields.identifiers import Id
from query_service.schemas.fields.timestamps import seconds
from query_service.user.action_names import action_named
from query_service.user.actions import ACTIONS
from query_service.web.field_errors import WrongField, field_errors

MAX_NESTING = 50  # objects and lists inside each other in a row, which is stored as it is
_ID: TypeAdapter[str] = TypeAdapter(Id)


def action_of(name: object, field: str) -> str:
    """The action that a tracker calls so, or an impression. Raises WrongField."""
    if isinstance(name, str):
        if name.strip().lower() == IMPRESSION:
            return IMPRESSION
        if (action := action_named(name)) is not None:
            return action
    known = ", ".join((*ACTIONS, IMPRESSION))
    raise WrongField(field, f"it is not an action on an item; known are {known}")


def id_of(value: object, field: str) -> str:
    """An id of a session or a user; "" where there is none. Raises WrongField."""
    if value in (None, ""):
        return ""
    try:
        return _ID.validate_python(value)
    except ValidationError as error:
        raise WrongField(field, field_errors(error)[0].message) from error


def text_of(value: object, field: str, max_length: int) -> str:
    """A text; "" where there is none. Raises WrongField."""
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > max_length:
        raise WrongField(field, f"it is a text of at most {max_length} characters")
    return value


def object_of(parent: Mapping[str, Any], name: str, field: str) -> Mapping[str, Any]:
    """An object; an empty one where there is none. Raises WrongField."""
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise WrongField(field, "it is an object")
    return value


def consent_of(row: Mapping[str, Any]) -> RequestConsent:
    """What a row says of consent, in the fields of our own events. Raises WrongField."""
    said = {name: row.get(name) for name in ConsentFields.model_fields}
    for name, value in said.items():
        if value is not None and not isinstance(value, bool):
            raise WrongField(name, "it is true or false")
    return RequestConsent.of(**said)


def seconds_of(value: object) -> float | None:
    """A time in seconds since 1970, from 1980 on as in catalogues. Raises WrongField.

    A number before that is no time that a visitor acted at: 0 for none, milliseconds since the page
    was loaded, minutes or days.
    """
    if value is None:
        return None
    try:
        timestamp = seconds(value)
    except ValueError as error:
        raise WrongField("timestamp", str(error)) from None
    if timestamp < SECONDS_BEGIN:
        raise WrongField(
            "timestamp",
            f"{shown(value)} is a time before 1980: send the seconds or ms since 1970 (from "
            f"{SECONDS_BEGIN} s on), ISO 8601, or no timestamp, which means now",
        )
    return timestamp


def check_nesting(row: Mapping[str, Any]) -> None:
    """Raise WrongField for a field that is nested too deep."""
    if deep := next((name for name, value in row.items() if _is_deeper(value)), ""):
        raise WrongField(deep, f"it is nested more than {MAX_NESTING} deep")


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
