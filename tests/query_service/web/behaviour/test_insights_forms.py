"""Events of the library search-insights: one for each item, and errors that name the field."""

import pytest

from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.web.behaviour.event_forms import EventError
from query_service.web.behaviour.insights_forms import parse_insights
from query_service.web.field_errors import BodyMalformed

CLICK = {
    "eventType": "click",
    "eventName": "Hit Clicked",
    "index": "items",
    "queryID": "q1",
    "objectIDs": ["a", "b"],
    "positions": [3, 7],
    "userToken": "anonymous-1",
    "authenticatedUserToken": "user-1",
    "timestamp": 1_733_791_830_466,
}


def parsed(event: object) -> list[ReceivedEvent]:
    events = parse_insights({"events": [event]})
    assert all(isinstance(event, ReceivedEvent) for event in events), events
    return [event for event in events if isinstance(event, ReceivedEvent)]


def test_a_click_on_several_items_is_an_event_for_each() -> None:
    first, second = parsed(CLICK)
    assert (first.action, first.item_id, first.position, first.query_id) == ("click", "a", 3, "q1")
    assert (second.item_id, second.position) == ("b", 7)
    assert (first.session_id, first.user_id) == ("anonymous-1", "user-1")
    assert first.timestamp == pytest.approx(1_733_791_830.466)
    assert first.counts


@pytest.mark.parametrize(
    ("change", "action"),
    [
        ({"eventType": "view", "objectIDs": ["a"], "positions": None}, "view"),
        ({"eventType": "view", "positions": None}, "impression"),
        ({"eventType": "view", "eventName": "Hits Viewed", "objectIDs": ["a"], "positions": [1]},
         "impression"),
        ({"eventType": "conversion", "eventSubtype": "addToCart"}, "add_to_cart"),
        ({"eventType": "conversion", "eventSubtype": "purchase"}, "purchase"),
        ({"eventType": "conversion", "eventName": "Product Added"}, "add_to_cart"),
        ({"eventType": "conversion", "eventName": "Something"}, "purchase"),
    ],
)  # fmt: skip
def test_what_was_done(change: dict[str, object], action: str) -> None:
    for event in parsed(CLICK | change):
        assert event.action == action
        assert event.counts == (action != "impression")


def test_a_purchase_keeps_each_item_s_query_price_and_currency() -> None:
    purchase = CLICK | {
        "eventType": "conversion",
        "eventSubtype": "purchase",
        "objectData": [{"queryID": "q2", "price": 5, "quantity": 2}, {}],
        "value": 10,
        "currency": "EUR",
    }
    first, second = parsed(purchase)
    assert (first.query_id, second.query_id) == ("q2", "q1")
    assert first.ubi is not None
    attributes = first.ubi["event_attributes"]
    assert attributes["object"] == {"object_id": "a", "queryID": "q2", "price": 5, "quantity": 2}
    assert attributes["insights"]["currency"] == "EUR"


def test_filters_that_were_clicked_are_kept_and_do_not_count() -> None:
    (event,) = parsed({k: v for k, v in CLICK.items() if k not in ("objectIDs", "positions")}
                      | {"filters": ["brand%3AAcme"]})  # fmt: skip
    assert (event.action, event.item_id, event.counts) == ("filter_click", "", False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"eventType": "look"}, "eventType"),
        ({"eventType": None}, "eventType"),
        ({"eventSubtype": "rent", "eventType": "conversion"}, "eventSubtype"),
        ({"objectIDs": "a"}, "objectIDs"),
        ({"objectIDs": ["", "b"]}, "objectIDs"),
        ({"objectIDs": ["a"] * 101, "positions": None}, "objectIDs"),
        ({"positions": [1]}, "positions"),
        ({"positions": [0, 1]}, "positions"),
        ({"userToken": "two words"}, "userToken"),
        ({"userToken": None, "authenticatedUserToken": None}, "userToken"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"objectData": [3, 4]}, "objectData"),
        ({"queryID": "x" * 129}, "queryID"),
        ({"eventName": 5}, "eventName"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], field: str) -> None:
    errors = [e for e in parse_insights({"events": [CLICK | change]}) if isinstance(e, EventError)]
    assert [error.field for error in errors] == [field]


def test_more_items_than_a_request_may_have_are_refused() -> None:
    event = CLICK | {"objectIDs": [str(n) for n in range(100)], "positions": None}
    with pytest.raises(BodyMalformed, match="1000 items"):
        parse_insights({"events": [event] * 11})


def test_a_malformed_event_does_not_affect_the_others() -> None:
    events = parse_insights({"events": [CLICK, 5, CLICK]})
    assert [type(event) for event in events] == [ReceivedEvent] * 2 + [EventError] + [
        ReceivedEvent
    ] * 2


def test_what_a_front_end_reports_of_itself_is_left_out() -> None:
    report = {"eventType": "instantsearch", "eventName": "__start__", "widgets": []}
    assert parse_insights({"events": [report]}) == []
