"""Queries as User Behavior Insights' JavaScript client sends them (`POST /ubi_queries`)."""

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from indexer.catalogue.words.spelling import canonical
from query_service.records.answer_record import ATTRIBUTE
from query_service.schemas.behaviour.events import ReceivedQuery
from query_service.schemas.fields.identifiers import ItemId
from query_service.sessions.documents import now_ms
from query_service.sessions.intake import too_old
from query_service.sessions.limits import SessionLimits
from query_service.web.behaviour.event_fields import (
    check_nesting,
    consent_of,
    id_of,
    object_of,
    seconds_of,
    text_of,
)
from query_service.web.behaviour.event_forms import EventError, events_of
from query_service.web.field_errors import WrongField, first_error

MAX_QUERY = 512  # characters
MAX_HITS = 1000
MAX_ATTRIBUTES = 8000  # characters of JSON; the engine refuses a term of more than 32,766 bytes
_ITEM_IDS: TypeAdapter[list[str]] = TypeAdapter(list[ItemId])
_KNOWN = frozenset({
    "query_id", "session_id", "client_id", "user_id", "user_query", "timestamp", "query_attributes",
    "query_response_hit_ids", "personalize", "store", "learn",
})  # fmt: skip


def parse_queries(
    body: object, limits: SessionLimits | None = None
) -> list[ReceivedQuery | EventError]:
    """One entry per query, in order: the parsed query, or what is wrong.

    Within `limits`, one that is older than what is kept is wrong. Raises BodyMalformed.
    """
    parsed: list[ReceivedQuery | EventError] = []
    for index, row in enumerate(events_of(body)):
        try:
            if not isinstance(row, Mapping):
                raise WrongField("", "a query is an object")  # noqa: TRY301
            query = _query(row)
            if limits and (problem := too_old(query.timestamp, limits, now_ms())):
                raise WrongField("timestamp", problem)  # noqa: TRY301
            parsed.append(query)
        except WrongField as error:
            parsed.append(EventError(index, error.field, error.message))
    return parsed


def _query(row: Mapping[str, Any]) -> ReceivedQuery:
    check_nesting(row)
    client_id = id_of(row.get("client_id"), "client_id")
    session_id = id_of(row.get("session_id"), "session_id") or client_id
    if not session_id:
        raise WrongField("session_id", "a query has a session_id or a client_id")
    query_id = id_of(row.get("query_id"), "query_id")
    if not query_id:
        raise WrongField("query_id", "it is missing: events name it")
    query_text = canonical(text_of(row.get("user_query"), "user_query", MAX_QUERY)).strip()
    if not query_text:
        raise WrongField("user_query", "it is missing")
    attributes = dict(object_of(row, "query_attributes", "query_attributes"))
    if ATTRIBUTE in attributes:
        raise WrongField(
            f"query_attributes.{ATTRIBUTE}",
            "the service writes it, of its own answers: leave it out",
        )
    others = {name: value for name, value in row.items() if name not in _KNOWN}
    attributes |= {"extra": others} if others else {}
    if len(orjson.dumps(attributes)) > MAX_ATTRIBUTES:
        raise WrongField("query_attributes", f"they are longer than {MAX_ATTRIBUTES} characters")
    return ReceivedQuery(
        query_id=query_id,
        session_id=session_id,
        query_text=query_text,
        client_id=client_id,
        user_id=id_of(row.get("user_id"), "user_id"),
        timestamp=seconds_of(row.get("timestamp")),
        attributes=attributes,
        hit_ids=_hit_ids(row.get("query_response_hit_ids")),
        consent=consent_of(row),
    )


def _hit_ids(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    field_name = "query_response_hit_ids"
    if not isinstance(value, list) or len(value) > MAX_HITS:
        raise WrongField(field_name, f"it is a list of at most {MAX_HITS} ids")
    try:
        return tuple(_ITEM_IDS.validate_python(value))
    except ValidationError as error:
        raise WrongField(field_name, first_error(error).message) from error
