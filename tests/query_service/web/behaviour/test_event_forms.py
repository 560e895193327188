"""Parsing of events in both forms: aliases, times, and errors that name the field."""

import pytest

from indexer.catalogue.values.text import read_id
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.schemas.search.requests import RankRequest
from query_service.web.behaviour.event_forms import EventError, parse_events
from query_service.web.field_errors import BodyMalformed

OURS = {"action": "click", "item_id": "a", "session_id": "s"}
UBI = {
    "application": "shop",
    "action_name": "item_click",
    "client_id": "c1",
    "session_id": "s1",
    "query_id": "q1",
    "timestamp": "2024-12-10T00:50:30.466Z",
    "user_query": "ps4",
    "message_type": None,
    "message": None,
    "event_attributes": {
        "object": {"object_id": "B08", "object_id_field": "asin"},
        "position": {"ordinal": 2, "x": 4},
    },
}


def only(body: object) -> ReceivedEvent:
    (event,) = parse_events(body)
    assert isinstance(event, ReceivedEvent), event
    return event


def wrong(body: object) -> EventError:
    (error,) = parse_events(body)
    assert isinstance(error, EventError), error
    return error


@pytest.mark.parametrize("body", [OURS, [OURS], {"events": [OURS]}])
def test_a_body_is_one_event_a_list_or_an_object_with_events(body: object) -> None:
    event = only(body)
    assert (event.action, event.item_id, event.session_id) == ("click", "a", "s")
    assert event.timestamp is None


def test_all_fields_of_our_form_are_read() -> None:
    event = only(
        OURS | {"action": "watch", "user_id": "u", "timestamp": 1_700_000_000, "query_id": "q",
                "position": 3, "watched_fraction": 0.5, "text": "good", "event_id": "e-1"}
    )  # fmt: skip
    assert (event.user_id, event.timestamp, event.query_id) == ("u", 1_700_000_000, "q")
    assert (event.position, event.watched_fraction) == (3, 0.5)
    assert (event.text, event.event_id) == ("good", "e-1")


@pytest.mark.parametrize(
    ("timestamp", "seconds"),
    [
        (1_733_791_830, 1_733_791_830),
        (1_733_791_830_466, 1_733_791_830.466),
        ("2024-12-10T00:50:30Z", 1_733_791_830),
        ("2024-12-10T01:50:30+01:00", 1_733_791_830),
        ("2024-12-10 00:50:30", 1_733_791_830),
        ("1733791830", 1_733_791_830),
        ("1733791830466", 1_733_791_830.466),
        (1_733_791_830_466_000, 1_733_791_830.466),
        ("20241210T005030Z", 1_733_791_830),
        ("Tue, 10 Dec 2024 00:50:30 GMT", 1_733_791_830),
    ],
)
def test_times_are_converted_to_seconds(timestamp: object, seconds: float) -> None:
    assert only(OURS | {"timestamp": timestamp}).timestamp == pytest.approx(seconds, abs=1e-3)


@pytest.mark.parametrize(
    "timestamp",
    [
        "yesterday",
        True,
        -5,
        1e300,
        float("nan"),
        [],
        "9999-01-01",
        "05/01/2024",
        "12",
        253402300799999,
    ],
)
def test_an_invalid_time_is_named(timestamp: object) -> None:
    assert wrong(OURS | {"timestamp": timestamp}).field == "timestamp"


@pytest.mark.parametrize(
    "timestamp", [0, 0.0, 1, 1234.5, 20_000, 28_000_000, 315_532_799, "1971-05-05"]
)
def test_a_time_before_1980_is_refused_with_what_is_wanted(timestamp: object) -> None:
    for event in (OURS | {"timestamp": timestamp}, UBI | {"timestamp": timestamp}):
        problem = wrong(event)
        assert problem.field == "timestamp"
        assert f"{timestamp!r} is a time before 1980" in problem.message
        assert "seconds or ms since 1970" in problem.message


def test_a_ubi_event_is_read_and_stays_in_ubi() -> None:
    event = only(UBI)
    assert (event.action, event.item_id) == ("click", "B08")
    assert (event.session_id, event.client_id, event.query_id) == ("s1", "c1", "q1")
    assert event.position == 2
    assert event.ubi == UBI


def test_a_ubi_event_without_session_id_uses_client_id() -> None:
    assert only({k: v for k, v in UBI.items() if k != "session_id"}).session_id == "c1"
    inside = UBI | {
        "session_id": None,
        "event_attributes": UBI["event_attributes"] | {"session_id": "s2"},  # type: ignore[operator]
    }
    assert only(inside).session_id == "s2"


def test_a_ubi_position_of_zero_is_dropped() -> None:
    attributes = {"object": {"object_id": 5}, "position": {"ordinal": 0}}
    event = only(UBI | {"event_attributes": attributes})
    assert event.position is None
    assert event.item_id == "5"


@pytest.mark.parametrize(
    ("item_id", "read"),
    [(7, "7"), (7.0, "7"), (2**63, str(2**63)), (" a/b ", "a/b"), ("007", "007")],
)
def test_item_ids_are_read_as_catalogues_read_them(item_id: object, read: str) -> None:
    assert only(OURS | {"item_id": item_id}).item_id == read == read_id(item_id)
    attributes = {"object": {"object_id": item_id}}
    assert only(UBI | {"event_attributes": attributes}).item_id == read
    request = RankRequest.model_validate({"session_id": 5, "item_ids": [item_id, "b"]})
    assert (request.session_id, request.item_ids) == ("5", [read, "b"])


@pytest.mark.parametrize(
    "visitor",
    ["auth0|5f7c8ec7", "google-oauth2|1234", "a/b+c==", "https://id.example/u/7", "shop\\anna",
     "us-east-1:0a1b", "é"],
)  # fmt: skip
def test_ids_of_identity_providers_are_taken(visitor: str) -> None:
    event = only(OURS | {"session_id": visitor, "user_id": visitor, "event_id": visitor})
    assert (event.session_id, event.user_id, event.event_id) == (visitor, visitor, visitor)
    event = only(UBI | {"session_id": None, "client_id": visitor, "user_id": 42})
    assert (event.session_id, event.client_id, event.user_id) == (visitor, visitor, "42")


def test_whole_numbers_are_ids() -> None:
    event = only(OURS | {"session_id": 5, "user_id": 6.0, "event_id": 0})
    assert (event.session_id, event.user_id, event.event_id) == ("5", "6", "0")


@pytest.mark.parametrize(
    ("name", "action"),
    [("purchase", "purchase"), ("declined_product", "dislike"), ("Add-To-Cart", "add_to_cart"),
     ("view_item", "view"), ("select_item", "click"), ("Product Viewed", "view"),
     ("Order Completed", "purchase"), ("clickedObjectIDsAfterSearch", "click"),
     ("detail-page-view", "view"), ("AddToCart", "add_to_cart"), ("transaction", "purchase")],
)  # fmt: skip
def test_action_aliases(name: str, action: str) -> None:
    assert only(UBI | {"action_name": name}).action == action
    assert only(OURS | {"action": name}).action == action


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"action": "brand_filter"}, "action"),
        ({"action": None}, "action"),
        ({"action": 3}, "action"),
        ({"item_id": ""}, "item_id"),
        ({"item_id": "x" * 513}, "item_id"),
        ({"session_id": "two words"}, "session_id"),
        ({"session_id": 5.5}, "session_id"),
        ({"session_id": True}, "session_id"),
        ({"session_id": "a\x00b"}, "session_id"),
        ({"session_id": "x" * 129}, "session_id"),
        ({"item_id": 1.5}, "item_id"),
        ({"item_id": True}, "item_id"),
        ({"item_id": {}}, "item_id"),
        ({"item_id": 2.0**70}, "item_id"),
        ({"user_id": "a b"}, "user_id"),
        ({"position": 0}, "position"),
        ({"watched_fraction": 1.5}, "watched_fraction"),
        ({"text": "x" * 2001}, "text"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], field: str) -> None:
    assert wrong(OURS | change).field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"action_name": "brand_filter"}, "action_name"),
        ({"event_attributes": None}, "event_attributes.object.object_id"),
        ({"event_attributes": []}, "event_attributes"),
        ({"event_attributes": {"object": "B08"}}, "event_attributes.object"),
        ({"event_attributes": {"object": {"object_id": {}}}}, "event_attributes.object.object_id"),
        ({"session_id": None, "client_id": None}, "session_id"),
        ({"client_id": "a b"}, "client_id"),
    ],
)
def test_a_wrong_ubi_field_is_named(change: dict[str, object], field: str) -> None:
    assert wrong(UBI | change).field == field


def test_malformed_events_do_not_affect_the_others() -> None:
    parsed = parse_events([OURS, 7, OURS | {"item_id": ""}, UBI])
    assert [type(entry) for entry in parsed] == [
        ReceivedEvent,
        EventError,
        EventError,
        ReceivedEvent,
    ]
    assert [entry.index for entry in parsed if isinstance(entry, EventError)] == [1, 2]


@pytest.mark.parametrize(
    "body", [None, "click", 3, [], {"events": {}}, {"events": [], "x": 1}, [OURS] * 501]
)
def test_a_body_without_events_is_refused(body: object) -> None:
    with pytest.raises(BodyMalformed):
        parse_events(body)


@pytest.mark.parametrize(("query_id", "read"), [(7, "7"), (7.0, "7"), ("q-1", "q-1"), (None, "")])
def test_query_ids_of_other_engines_may_be_whole_numbers(query_id: object, read: str) -> None:
    assert (only(OURS | {"query_id": query_id}).query_id or "") == read
    assert (only(UBI | {"query_id": query_id}).query_id or "") == read


def test_an_ambiguous_time_is_refused_without_naming_a_command_s_option() -> None:
    message = wrong(OURS | {"timestamp": "05/01/2024"}).message
    assert "day or month first" in message
    assert "--date-order" not in message


def test_impressions_are_read_in_both_forms_and_do_not_count() -> None:
    for body in (OURS | {"action": "impression"}, UBI | {"action_name": "Impression"}):
        event = only(body)
        assert (event.action, event.counts) == ("impression", False)


def test_any_ubi_event_may_be_taken_without_counting() -> None:
    event = UBI | {"action_name": "brand_filter", "event_attributes": {"brand": "Acme"}}
    (kept,) = parse_events([event], any_action=True)
    assert isinstance(kept, ReceivedEvent)
    assert (kept.action, kept.item_id, kept.counts) == ("brand_filter", "", False)
    (click,) = parse_events([UBI], any_action=True)
    assert isinstance(click, ReceivedEvent)
    assert click.counts
