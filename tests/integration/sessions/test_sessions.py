"""The session store on a real node: events and queries are stored, and read at once."""

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from plugin_config.connection.client import connect
from plugin_config.connection.engine_deadline import ENGINE_DEADLINE
from plugin_config.errors import ClusterUnavailable
from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.sessions.intake import EventOutcome
from query_service.sessions.limits import SessionLimits
from query_service.sessions.reader import SessionsUnreadable
from query_service.sessions.rights import consents
from query_service.sessions.store import SessionStore
from query_service.user.visitor import PastQuery, Visitor
from query_service.web.behaviour.event_forms import parse_events
from tests.integration.json_lines import read_json_lines
from tests.integration.sessions.visited_items import (
    ITEMS,
    encode,
    event,
    item_ids,
    lookup,
    query,
    unit_vectors,
)

pytestmark = pytest.mark.node


@pytest.fixture
def unreachable() -> Iterator[SessionStore]:
    """A store whose OpenSearch does not answer."""
    settings = load(
        ClusterSettings, opensearch_url="http://127.0.0.1:9", opensearch_retries=0,
        opensearch_timeout_s=1.0,
    )  # fmt: skip
    store = SessionStore(connect(settings), IndexNames("test-unreachable-"))
    yield store
    store.close(timeout_s=0.1)


def test_each_click_is_in_the_very_next_read(store, elsewhere, session_id):
    for number in range(60):
        [outcome] = store.record_events([event(f"i{number}", session_id)], lookup)
        assert outcome.status == "accepted"
        newest = elsewhere.read(session_id).events[-1]
        assert newest.item_id == f"i{number}"
        assert newest.title == f"Item {number}"
        assert newest.features == ("brand:acme",)
        assert newest.vector_space == "space"
        assert float(newest.vector @ ITEMS[f"i{number}"].vector) > 0.9999


HELD = {"index.routing.allocation.enable": "none"}


@pytest.fixture
def without_shard(client, fresh_names) -> str:
    """The index of sessions, whose shard does not start; its name."""
    ensure_indexes(client, fresh_names)
    client.indices.delete(index=fresh_names.sessions)
    alias = {fresh_names.writing(fresh_names.sessions): {}}
    body = {"settings": HELD, "aliases": alias}
    client.indices.create(index=fresh_names.sessions, body=body, wait_for_active_shards="0")
    return fresh_names.sessions


def test_an_event_waits_for_the_end_of_an_index_that_somebody_deletes(
    client, fresh_names, without_shard, session_id, monkeypatch
):
    # Of an index that is being deleted the shard goes first.
    monkeypatch.setattr(consents, "YOUNG_S", 0)
    monkeypatch.setattr(consents, "ATTEMPTS", 100)

    def delete() -> None:
        time.sleep(0.5)
        client.indices.delete(index=without_shard)

    store = SessionStore(client, fresh_names)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(delete)
        [outcome] = store.record_events([event("i1", session_id)], lookup)
    assert outcome.status == "accepted"
    store.close()


def test_an_event_waits_for_the_shard_of_an_index_that_was_just_made_again(
    client, fresh_names, without_shard, session_id, monkeypatch
):
    def allocate() -> None:
        time.sleep(1)
        settings = dict.fromkeys(HELD, None)
        client.indices.put_settings(index=without_shard, body=settings)

    store = SessionStore(client, fresh_names)
    try:
        deadline = ENGINE_DEADLINE.set(time.perf_counter() + 3)
        with pytest.raises(ClusterUnavailable, match="no_shard_available"):
            store.record_events([event("i1", session_id)], lookup)
        ENGINE_DEADLINE.reset(deadline)
        with monkeypatch.context() as long_ago:
            long_ago.setattr(consents, "YOUNG_S", 0)
            started = time.monotonic()
            with pytest.raises(ClusterUnavailable, match="no_shard_available"):
                store.record_events([event("i1", session_id)], lookup)
            assert time.monotonic() - started < consents.SHARD_WAIT_S / 2
        monkeypatch.setattr(consents, "SHARD_WAIT_S", 60)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(allocate)
            [outcome] = store.record_events([event("i1", session_id)], lookup)
        assert outcome.status == "accepted"
    finally:
        store.close()


def test_an_unknown_visitor_has_no_events(store, client):
    assert store.read("never seen", "nobody") == Visitor("never seen", "nobody")
    no_index = SessionStore(client, IndexNames("test-no-such-prefix-"))
    assert no_index.read("never seen", "nobody") == Visitor("never seen", "nobody")


def test_only_the_newest_events_are_stored(client, indexes, session_id):
    small = SessionStore(client, indexes, SessionLimits(session_events=5, user_events=7))
    for number in range(10):
        small.record_events([event(f"i{number}", session_id, user_id=session_id)], lookup)
    assert item_ids(small.read(session_id)) == ["i5", "i6", "i7", "i8", "i9"]
    assert item_ids(small.read("another", session_id)) == [f"i{n}" for n in range(3, 10)]
    many = [event(f"i{n}", session_id, timestamp=time.time()) for n in range(20, 40)]
    assert len(small.record_events(many, lookup)) == 20
    assert item_ids(small.read(session_id)) == ["i35", "i36", "i37", "i38", "i39"]


def test_events_are_in_order_of_time_although_some_arrive_late(store, session_id):
    now = time.time()
    store.record_events([event("i1", session_id, timestamp=now - 10)], lookup)
    store.record_events([event("i3", session_id, timestamp=now - 30)], lookup)
    late = [event("i2", session_id, timestamp=now - 20), event("i4", session_id, timestamp=now - 5)]
    store.record_events(late, lookup)
    assert item_ids(store.read(session_id)) == ["i3", "i2", "i1", "i4"]


def test_a_time_in_the_future_is_replaced_by_now_with_a_reason(store, session_id):
    before = time.time()
    [outcome] = store.record_events([event("i1", session_id, timestamp=before + 86400)], lookup)
    assert outcome.status == "accepted"
    assert "in the future, taken as now" in outcome.reason
    [stored] = store.read(session_id).events
    assert before - 1 <= stored.timestamp <= time.time() + 1


def test_an_event_sent_twice_counts_once(store, client, indexes, session_id):
    named = event("i1", session_id, event_id="e1", user_id=session_id)
    timed = event("i2", session_id, timestamp=time.time() - 5, user_id=session_id)
    for _ in range(3):
        outcomes = store.record_events([named, timed], lookup)
        assert [outcome.status for outcome in outcomes] == ["accepted"] * 2
    assert sorted(item_ids(store.read(session_id, session_id))) == ["i1", "i2"]
    client.indices.refresh(index=indexes.ubi_events)
    query = {"term": {"session_id": session_id}}
    assert client.count(index=indexes.ubi_events, body={"query": query})["count"] == 2


@pytest.mark.parametrize("in_one_request", [False, True])
def test_an_event_resent_after_newer_ones_pushed_it_out_does_not_count_again(
    client, indexes, session_id, in_one_request
):
    small = SessionStore(client, indexes, SessionLimits(session_events=5, user_events=7))
    user = f"user of {session_id}"
    first = [event(f"i{n}", session_id, event_id=f"e{n}", user_id=user) for n in range(12)]
    for batch in [first] if in_one_request else [[each] for each in first]:
        small.record_events(batch, lookup)
    kept = item_ids(small.read(session_id)), item_ids(small.read("another", user))
    assert [len(ids) for ids in kept] == [5, 7]
    assert [o.status for o in small.record_events(first, lookup)] == ["accepted"] * 12
    assert (item_ids(small.read(session_id)), item_ids(small.read("another", user))) == kept


def test_clicks_without_id_and_time_are_not_deduplicated(store, session_id):
    for _ in range(3):
        store.record_events([event("i1", session_id)], lookup)
    assert item_ids(store.read(session_id)) == ["i1"] * 3


def test_an_event_on_an_unknown_item_is_stored_without_a_vector(store, session_id):
    outcomes = store.record_events([event("no-such", session_id), event("i1", session_id)], lookup)
    assert [o.status for o in outcomes] == ["accepted_unknown_item", "accepted"]
    stored = {e.item_id: e for e in store.read(session_id).events}
    assert stored["no-such"].vector is None
    assert stored["i1"].vector is not None


def test_a_comment_is_stored_with_the_vector_of_its_text(store, session_id):
    store.record_events(
        [event("i1", session_id, action="comment", text="好用", query_id="q")], lookup, encode
    )
    [stored] = store.read(session_id).events
    assert (stored.action, stored.text, stored.query_id) == ("comment", "好用", "q")
    assert float(stored.text_vector @ encode(["好用"])[0]) > 0.9999


def test_a_comment_that_cannot_be_encoded_is_stored_without_a_vector(store, session_id):
    def fails(texts: Sequence[str]) -> np.ndarray:
        raise RuntimeError("out of memory")

    store.record_events([event("i1", session_id, action="comment", text="ok")], lookup, fails)
    [stored] = store.read(session_id).events
    assert (stored.text, stored.text_vector) == ("ok", None)


def test_a_user_s_earlier_sessions_are_read_with_the_current_one(store, session_id):
    first, second, user = f"{session_id}-1", f"{session_id}-2", f"user-of-{session_id}"
    store.record_events([event("i1", first, user_id=user)], lookup)
    store.record_events([event("i2", second, user_id=user)], lookup)
    visitor = store.read(second, user)
    assert [(e.item_id, e.session_id) for e in visitor.events] == [("i1", first), ("i2", second)]
    assert item_ids(store.read(second)) == ["i2"]


def test_concurrent_appends_lose_no_event(client, indexes, session_id):
    limits = SessionLimits(session_events=200, user_events=200)
    stores = [SessionStore(client, indexes, limits) for _ in range(2)]

    def click(number: int) -> str:
        clicked = event(f"i{number}", session_id, user_id=session_id)
        [outcome] = stores[number % 2].record_events([clicked], lookup)
        return outcome.status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(click, range(200)))
    assert statuses == ["accepted"] * 200
    expected = {f"i{number}" for number in range(200)}
    assert set(item_ids(stores[0].read(session_id))) == expected
    assert set(item_ids(stores[0].read("another", session_id))) == expected


def test_a_query_is_read_at_once_here_and_after_a_flush_elsewhere(store, elsewhere, session_id):
    vector = unit_vectors(1, seed=3)[0]
    phone = query("phone", session_id, query_id="q1", vector=vector, fingerprint="f")
    store.record_query(phone, user_id=session_id, attributes={"size": 10}, hit_ids=["i2", "i1"])
    assert [q.query_text for q in store.read(session_id).queries] == ["phone"]
    assert store.flush()
    [stored] = elsewhere.read(session_id).queries
    assert (stored.query_id, stored.fingerprint) == ("q1", "f")
    assert stored.timestamp == pytest.approx(phone.timestamp, abs=0.001)
    assert float(stored.vector @ vector) > 0.9999
    assert [q.query_text for q in elsewhere.read("another", session_id).queries] == ["phone"]
    [row] = store.export(session_id)["ubi_queries"]["rows"]
    assert row["user_query"] == "phone"
    assert row["query_response_hit_ids"] == ["i2", "i1"]
    assert row["query_attributes"] == {"size": 10}


def test_a_repeated_search_is_one_query_of_the_session(store, session_id):
    now = time.time()
    texts = ["phone", "phone", "case", "case", "Phone", "phone"]
    for number, text in enumerate(texts):
        store.record_query(PastQuery(text, now + number, session_id, f"q{number}"))
        if number % 2:
            store.flush()
    queries = store.read(session_id).queries
    assert [q.query_text for q in queries] == ["case", "phone"]
    assert [q.query_id for q in queries] == ["q3", "q5"]
    assert store.export(session_id)["ubi_queries"]["count"] == 6


def test_long_chinese_ids_that_differ_at_the_end_are_distinct(store, session_id):
    first, second = "手" * 127 + "1", "手" * 127 + "2"
    store.record_events([event("i1", first, user_id=first * 4)], lookup)
    store.record_events([event("i2", second, user_id=second * 4)], lookup)
    assert item_ids(store.read(first)) == ["i1"]
    assert item_ids(store.read(session_id, second * 4)) == ["i2"]
    assert store.delete(first).sessions == 1
    assert store.delete_user(second * 4).users == 1


def test_a_limit_of_zero_stores_no_queries(client, indexes, session_id):
    store = SessionStore(client, indexes, SessionLimits(session_queries=0))
    store.record_query(query("phone", session_id))
    store.record_events([event("i1", session_id)], lookup)
    assert store.flush()
    assert store.read(session_id).queries == ()
    assert item_ids(store.read(session_id)) == ["i1"]


def test_an_unreachable_cluster_fails_writes_and_reads(unreachable):
    with pytest.raises(ClusterUnavailable, match="could not keep"):
        unreachable.record_events([event()], lookup)
    with pytest.raises(SessionsUnreadable):
        unreachable.read("s", "u")


def test_a_query_that_cannot_be_written_is_counted_as_lost(unreachable, caplog):
    caplog.set_level(logging.INFO)
    unreachable.record_query(query("phone", "secret session"))
    assert unreachable.flush(10)
    assert unreachable.query_log.counts.lost == 1
    [message] = [r.getMessage() for r in caplog.records if r.name.startswith("query_service")]
    assert "secret session" not in message


def test_a_damaged_session_document_is_reported_as_unreadable(store, client, indexes, session_id):
    body = {"kind": "session", "events": [{"action": "click"}]}
    client.index(index=indexes.sessions, id=f"session:{session_id}", body=body)
    with pytest.raises(SessionsUnreadable, match="damaged"):
        store.read(session_id)


def test_ids_are_not_logged(store, session_id, caplog):
    caplog.set_level(logging.INFO)
    store.record_events([event("i1", session_id, user_id="the user")], lookup)
    store.record_query(query("phone", session_id), user_id="the user")
    store.read(session_id, "the user")
    store.delete(session_id)
    assert not [record for record in caplog.records if record.name.startswith("query_service")]


def test_the_events_of_the_ubi_sample_are_stored(client, indexes, dataset):
    store = SessionStore(client, indexes, SessionLimits(ttl_days=3650))  # they are old
    rows = read_json_lines(dataset("ubi_sample/ubi_queries_events.ndjson.gz"))
    rows = [row for row in rows if "action_name" in row]
    outcomes: list[EventOutcome] = []
    events: list[ReceivedEvent] = []
    for start in range(0, len(rows), 500):
        parsed = parse_events(rows[start : start + 500])
        valid = [each for each in parsed if isinstance(each, ReceivedEvent)]
        outcomes += store.record_events(valid, lookup)
        events += valid
    assert len(events) > 500
    assert {outcome.status for outcome in outcomes} == {"accepted_unknown_item"}
    assert not [outcome.reason for outcome in outcomes if outcome.reason]
    counted = [each for each in events if each.counts]  # no impressions
    newest = max(counted, key=lambda each: each.timestamp or 0.0)
    assert store.read(newest.session_id).events[-1].item_id == newest.item_id
    exported = store.export(newest.session_id)["ubi_events"]
    assert exported["count"] == len({
        (each.action, each.item_id, each.timestamp, each.position, each.query_id)
        for each in events
        if each.session_id == newest.session_id
    })  # fmt: skip
    assert exported["rows"][-1]["application"] == newest.ubi["application"]
