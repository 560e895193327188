"""What is kept of sessions and users: exported, erased, expired."""

import json
import time

import pytest

from plugin_config.provisioning.provisioning import ensure_indexes
from query_service.records.query_explanation import QueryExplanations, QueryUnknown
from query_service.sessions.limits import SessionLimits
from query_service.sessions.rights.session_export import SessionUnknown
from query_service.sessions.store import SessionStore
from query_service.user.visitor import Visitor
from tests.integration.sessions.visited_items import (
    DIMS,
    event,
    item_ids,
    lookup,
    query,
    unit_vectors,
)
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node


def test_export_has_everything_but_the_values_of_vectors(store, session_id):
    with pytest.raises(SessionUnknown):
        store.export(session_id)
    store.record_events([event("i1", session_id, user_id=session_id)], lookup)
    store.record_query(query("phone", session_id, vector=unit_vectors(1)[0]), user_id=session_id)
    exported = json.loads(json.dumps(store.export(session_id)))
    assert exported["session_id"] == session_id
    [exported_event] = exported["session"]["events"]
    assert (exported_event["item_id"], exported_event["vector_length"]) == ("i1", DIMS)
    assert "vector" not in exported_event
    assert exported["session"]["queries"][0]["vector_length"] == DIMS
    assert exported["user_documents"] == 1
    assert exported["ubi_events"]["count"] == exported["ubi_queries"]["count"] == 1
    assert exported["ubi_events"]["rows"][0]["event_attributes"]["object"]["object_id"] == "i1"


def test_a_deleted_session_is_in_no_index_any_more(store, elsewhere, client, indexes, session_id):
    other, user = f"{session_id}-another", f"user-of-{session_id}"
    for of_session in (session_id, other):
        store.record_events([event("i1", of_session, user_id=user)], lookup)
        elsewhere.record_query(query("phone", of_session), user_id=user)
    deleted = store.delete(session_id)
    assert (deleted.sessions, deleted.ubi_events) == (1, 1)
    assert elsewhere.flush()  # what waited there until now
    with pytest.raises(SessionUnknown):
        store.export(session_id)
    assert store.read(session_id) == Visitor(session_id)
    visitor = store.read(session_id, user)
    assert {e.session_id for e in visitor.events} == {other}
    assert {q.session_id for q in visitor.queries} == {other}
    for index in (indexes.sessions, indexes.ubi_queries, indexes.ubi_events):
        response = client.search(index=index, body={"query": {"match_all": {}}}, size=10_000)
        hits = response["hits"]["hits"]
        assert not [hit for hit in hits if json.dumps(session_id) in json.dumps(hit)]
    assert store.export(other)["ubi_events"]["count"] == 1
    assert not store.delete(session_id).anything


def test_deleting_a_user_deletes_all_sessions_of_the_user(store, session_id):
    first, second, user = f"{session_id}-1", f"{session_id}-2", f"user-of-{session_id}"
    for of_session in (first, second):
        store.record_events([event("i1", of_session, user_id=user)], lookup)
    deleted = store.delete_user(user)
    assert (deleted.sessions, deleted.ubi_events) == (2, 2)
    assert store.read(first, user) == Visitor(first, user)
    for of_session in (first, second):
        with pytest.raises(SessionUnknown):
            store.export(of_session)


def test_expired_sessions_are_not_read_and_are_purged(client, fresh_names):
    ensure_indexes(client, fresh_names)
    short = SessionStore(client, fresh_names, SessionLimits(ttl_days=2 / 86400))
    lasting = SessionStore(client, fresh_names, SessionLimits(ttl_days=30))
    lasting.record_events([event("i1", "old", user_id="u", timestamp=time.time())], lookup)
    lasting.record_query(query("phone", "old"), user_id="u")
    assert lasting.flush()
    wait_until(lambda: short.read("old", "u") == Visitor("old", "u"), 10)
    with pytest.raises(SessionUnknown):  # although it is not purged
        short.export("old")
    with pytest.raises(SessionUnknown):
        short.export_user("u")
    [row] = lasting.export("old")["ubi_queries"]["rows"]
    with pytest.raises(QueryUnknown):
        QueryExplanations(client, fresh_names, short.limits).of(row["query_id"])
    assert QueryExplanations(client, fresh_names, lasting.limits).of(row["query_id"])
    assert lasting.export_user("u")["ubi_events"]["count"] == 1
    assert lasting.export("old")["ubi_events"]["count"] == 1
    assert item_ids(lasting.read("old", "u")) == ["i1"]
    lasting.record_events([event("i2", "new", user_id="u")], lookup)
    purged = short.purge()
    assert (purged.sessions, purged.ubi_events, purged.ubi_queries) == (1, 1, 1)
    assert item_ids(lasting.read("new", "u")) == ["i2"]
    with pytest.raises(SessionUnknown):
        lasting.export("old")
    assert not lasting.purge().anything
