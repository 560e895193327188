"""Queries of the UBI project's JavaScript client."""

import pytest

from query_service.schemas.behaviour.events import ReceivedQuery
from query_service.web.behaviour.event_forms import EventError
from query_service.web.behaviour.query_forms import parse_queries

# As the client makes it: no session_id, and a message.
QUERY = {
    "application": "shop",
    "query_id": "q1",
    "user_query": " Desk  lamp ",
    "client_id": "c1",
    "object_id_field": "sku",
    "timestamp": "2024-12-10T00:50:30.466Z",
    "message_type": "INFO",
    "message": "",
    "query_attributes": {"page": 2},
}


def test_a_query_of_the_client_is_read() -> None:
    (query,) = parse_queries([QUERY | {"query_response_hit_ids": ["a", 7]}])
    assert isinstance(query, ReceivedQuery)
    assert (query.query_id, query.session_id, query.client_id) == ("q1", "c1", "c1")
    assert query.query_text.split() == ["Desk", "lamp"]
    assert query.hit_ids == ("a", "7")
    assert query.attributes["page"] == 2
    assert query.attributes["extra"]["application"] == "shop"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"query_id": ""}, "query_id"),
        ({"user_query": " "}, "user_query"),
        ({"user_query": "x" * 513}, "user_query"),
        ({"user_query": 5}, "user_query"),
        ({"client_id": None}, "session_id"),
        ({"client_id": "a b"}, "client_id"),
        ({"timestamp": "soon"}, "timestamp"),
        ({"query_attributes": []}, "query_attributes"),
        ({"query_attributes": {"live_intent": {}}}, "query_attributes.live_intent"),
        ({"query_attributes": {"x": "y" * 8000}}, "query_attributes"),
        ({"query_response_hit_ids": "a"}, "query_response_hit_ids"),
        ({"query_response_hit_ids": [""]}, "query_response_hit_ids"),
        ({"query_response_hit_ids": ["a"] * 1001}, "query_response_hit_ids"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], field: str) -> None:
    (error,) = parse_queries([QUERY | change])
    assert isinstance(error, EventError)
    assert error.field == field
