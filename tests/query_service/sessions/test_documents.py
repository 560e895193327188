"""Stored forms of events and queries, written and read back; no node needed."""

import numpy as np
import pytest

from query_service.sessions.documents import (
    VECTORS,
    Scope,
    event_from_stored,
    event_to_stored,
    query_from_stored,
    query_to_stored,
    text_vector,
    vector_text,
    visitor_from_documents,
    without_vectors,
)
from query_service.sessions.limits import DAY_MS, SessionLimits
from query_service.sessions.ubi.ubi_rows import event_row, query_row
from query_service.user.engine_vectors import QueryMeaning
from query_service.user.visitor import Event, PastQuery

NOW = 1_790_000_000_000
LIMITS = SessionLimits()


def unit_vector(seed: int, dims: int = 384) -> np.ndarray:
    vector = np.random.default_rng(seed).standard_normal(dims).astype(np.float32)
    return vector / np.linalg.norm(vector)


def stored(event_id: str, timestamp_s: float, session_id: str = "s", received_at: int = NOW):
    event = Event("click", event_id, timestamp_s, session_id)
    return event_to_stored(event, event_id=event_id, received_at=received_at)


def stored_query(query_id: str, text: str, timestamp_s: float, session_id: str = "s"):
    query = PastQuery(text, timestamp_s, session_id, query_id)
    return query_to_stored(query, received_at=NOW)


def test_a_vector_is_read_back_as_float32_with_nearly_the_same_direction():
    vector = unit_vector(1)
    back = text_vector(vector_text(vector))
    assert back is not None
    assert back.dtype == np.float32
    assert back.shape == (384,)
    assert float(back @ vector) > 0.99999


@pytest.mark.parametrize("vector", [None, np.zeros(0, np.float32)])
def test_no_vector_is_an_empty_text(vector):
    assert vector_text(vector) == ""
    assert text_vector("") is None
    assert text_vector(None) is None


def test_vectors_are_little_endian_whatever_the_machine():
    assert vector_text(np.array([1.0], np.float32)) == "ADw="  # 0x3C00, low byte first


def test_an_event_is_read_back_unchanged():
    event = Event(
        action="comment",
        item_id="手机-1",
        timestamp=1_790_000_000.123,
        session_id="s",
        title="小米手机",
        features=("brand:小米", "category:Phones"),
        vector=unit_vector(2),
        vector_space="ab12",
        text="很好用",
        text_vector=unit_vector(3, 8),
        watched_fraction=0.0,
        query_id="q",
        position=3,
    )
    back = event_from_stored(event_to_stored(event, event_id="e", received_at=NOW))
    for name in Event.__dataclass_fields__:
        if name.endswith("vector"):
            np.testing.assert_allclose(getattr(back, name), getattr(event, name), atol=1e-3)
        else:
            assert getattr(back, name) == getattr(event, name), name


def test_fields_without_a_value_are_not_stored():
    form = event_to_stored(Event("view", "i", 1.0, "s"), event_id="e", received_at=NOW)
    assert set(form) == {
        "event_id", "action", "item_id", "timestamp", "received_at", "session_id",
    }  # fmt: skip
    assert event_from_stored(form) == Event("view", "i", 1.0, "s")


def test_a_query_is_read_back_unchanged():
    query = PastQuery("手机", 1_790_000_000.5, "s", "q1", unit_vector(4), "cafe")
    back = query_from_stored(query_to_stored(query, received_at=NOW))
    assert (back.query_text, back.timestamp, back.session_id) == ("手机", 1_790_000_000.5, "s")
    assert (back.query_id, back.fingerprint) == ("q1", "cafe")
    assert back.vector is not None
    assert float(back.vector @ query.vector) > 0.99999


def test_events_of_all_sessions_are_sorted_by_time_and_appear_once():
    session = {"events": [stored("c", 30.0), stored("d", 40.0)]}
    user = {"events": [stored("a", 10.0, "earlier"), stored("c", 30.0), stored("b", 20.0, "other")]}
    visitor = visitor_from_documents("s", "u", [user, session], LIMITS)
    assert [event.item_id for event in visitor.events] == ["a", "b", "c", "d"]
    assert [event.session_id for event in visitor.events] == ["earlier", "other", "s", "s"]


def test_no_documents_make_an_empty_visitor():
    visitor = visitor_from_documents("s", "", [], LIMITS)
    assert (visitor.events, visitor.queries) == ((), ())


def test_expired_events_are_not_read():
    old = stored("old", 10.0, received_at=NOW - 31 * DAY_MS)
    new = stored("new", 5.0, received_at=NOW - 29 * DAY_MS)
    visitor = visitor_from_documents(
        "s", "", [{"events": [old, new]}], LIMITS, scope=Scope(LIMITS.oldest(NOW))
    )
    assert [event.item_id for event in visitor.events] == ["new"]


def test_a_repeated_query_counts_once_with_its_latest_time():
    written = {"queries": [stored_query("1", "phone", 10.0), stored_query("2", "case", 20.0)]}
    waiting = [stored_query("3", "case", 30.0), stored_query("1", "phone", 10.0)]
    visitor = visitor_from_documents("s", "", [written], LIMITS, pending=waiting)
    assert [(q.query_text, q.timestamp) for q in visitor.queries] == [("phone", 10.0), ("case", 30)]
    again = [stored_query("4", "phone", 40.0)]
    visitor = visitor_from_documents("s", "", [written], LIMITS, pending=again)
    assert [q.query_text for q in visitor.queries] == ["case", "phone"]


def test_without_vectors_shows_only_their_lengths():
    event = Event("click", "i", 1.0, "s", vector=unit_vector(5), text_vector=unit_vector(6, 7))
    stored = event_to_stored(event, event_id="e", received_at=NOW, attribute_vector=unit_vector(6))
    readable = without_vectors(stored)
    assert readable["vector_length"] == 384
    assert readable["text_vector_length"] == 7
    assert readable["attribute_vector_length"] == 384
    query = PastQuery("phone", 1.0, "s", vector=unit_vector(5))
    asked = without_vectors(query_to_stored(query, NOW, QueryMeaning(unit_vector(7, 9), "ab12")))
    assert (asked["vector_length"], asked["meaning_length"]) == (384, 9)
    assert not set(VECTORS) & {*readable, *asked}


def test_an_event_as_a_row_of_ubi_events():
    event = Event("watch", "i", 1_790_000_000.0, "s", "Title", watched_fraction=0.5, position=2)
    assert event_row(event, user_id="u", client_id="c") == {
        "application": "live-intent",
        "action_name": "watch",
        "client_id": "c",
        "session_id": "s",
        "user_id": "u",
        "timestamp": "2026-09-21T14:13:20.000Z",
        "event_attributes": {
            "object": {"object_id": "i", "description": "Title"},
            "position": {"ordinal": 2},
            "watched_fraction": 0.5,
        },
    }


def test_a_received_ubi_event_keeps_all_fields_but_session_user_and_time():
    received = {
        "application": "Chorus",
        "action_name": "item_click",
        "user_id": None,
        "timestamp": 1,
        "unheard_of": {"a": 1},
        "event_attributes": {"object": {"object_id": "i", "price": 3}, "session_id": "inner"},
    }
    row = event_row(Event("click", "i", 1_790_000_000.0, "s"), received=received)
    assert row["application"] == "Chorus"
    assert row["action_name"] == "item_click"
    assert row["event_attributes"]["object"] == {"object_id": "i", "price": 3}
    assert row["event_attributes"]["extra"] == {"unheard_of": {"a": 1}}
    assert row["session_id"] == "s"
    assert row["timestamp"] == "2026-09-21T14:13:20.000Z"
    assert "user_id" not in row


def test_a_query_as_a_row_of_ubi_queries():
    query = PastQuery("phone", 1_790_000_000.0, "s", "q")
    assert query_row(query, attributes={"size": 10}, hit_ids=["b", "a"]) == {
        "application": "live-intent",
        "query_id": "q",
        "session_id": "s",
        "user_query": "phone",
        "query_attributes": {"size": 10},
        "object_id_field": "item_id",
        "query_response_hit_ids": ["b", "a"],
        "timestamp": "2026-09-21T14:13:20.000Z",
    }


def test_the_live_query_counts_no_earlier_ones_and_no_other_is_displaced_by_it():
    """Else the second page of an answer would count other queries than the first."""
    limits = SessionLimits(session_queries=4)
    rows = [stored_query(str(n), f"query {n}", float(n)) for n in range(5)]
    first = {"queries": rows[:4]}
    then = {"queries": [*rows[1:4], stored_query("9", "Desk", 9.0)]}
    pending = [stored_query("9", "Desk", 9.0)]

    def texts(document, waiting=()):
        scope = Scope(live_query="desk")
        read = visitor_from_documents("s", "", [document], limits, pending=waiting, scope=scope)
        return [each.query_text for each in read.queries]

    assert texts(first) == texts(first, pending) == texts(then) == ["query 1", "query 2", "query 3"]


def test_rows_received_after_the_moment_of_a_cursor_do_not_count():
    rows = [stored("before", 1.0), stored("after", 2.0, received_at=NOW + 1)]
    scope = Scope(newest=NOW)
    visitor = visitor_from_documents("s", "", [{"events": rows}], LIMITS, scope=scope)
    assert [event.item_id for event in visitor.events] == ["before"]
