"""An erased session stays erased, whatever was on its way; what comes later is new."""

import itertools
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from opensearchpy import OpenSearch

from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames, load_template
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.sessions.document_writes import DocumentWrite, send_documents
from query_service.sessions.limits import SessionLimits
from query_service.sessions.rights.session_export import SessionUnknown
from query_service.sessions.store import SessionStore
from query_service.user.visitor import Visitor
from tests.integration.session_stores import Stores, click, clicked, lookup, query, two_stores

pytestmark = pytest.mark.node


def left_of(client: OpenSearch, names: IndexNames, session_ids: set[str]) -> list[str]:
    """What the indexes have of these sessions, except of their tombstones."""
    client.indices.refresh(index=",".join(names.stores))
    hits = []
    for index in names.stores:
        response = client.search(index=index, body={"query": {"match_all": {}}}, size=10_000)
        hits += response["hits"]["hits"]
    texts = [json.dumps(hit["_source"]) for hit in hits]
    return [text for text in texts if any(json.dumps(each) in text for each in session_ids)]


def test_nothing_is_left_of_200_sessions_erased_beside_a_search_and_an_event(
    client: OpenSearch, indexes: IndexNames, stores: Stores
) -> None:
    here, elsewhere = stores
    delays = random.Random(5)

    def erase(number: int) -> str:
        session_id, user_id = f"beside-{number}", f"user-{number % 7}" if number % 2 else ""
        arrived = time.time()
        event = click("i1", session_id, user_id=user_id, event_id=f"e{number}")
        with ThreadPoolExecutor(3) as pool:
            pool.submit(here.record_events, [event], lookup, arrived=arrived)
            pool.submit(elsewhere.record_events, [event], lookup, arrived=arrived)  # resent
            asked = query("phone", session_id, arrived)
            elsewhere.record_query(asked, user_id=user_id)
            time.sleep(delays.random() * 0.02)
            here.delete(session_id)
        return session_id

    with ThreadPoolExecutor(4) as pool:
        erased = set(pool.map(erase, range(200)))
    assert here.flush()
    assert elsewhere.flush()
    assert not left_of(client, indexes, erased)
    for session_id in erased:
        assert here.read(session_id, "user-1") == Visitor(session_id, "user-1")


def test_what_happened_before_the_erasure_is_rejected_and_what_comes_later_is_a_new_session(
    stores: Stores,
) -> None:
    here, elsewhere = stores
    arrived = time.time()
    here.record_events([click("i1", "again", user_id="u", event_id="e1")], lookup)
    elsewhere.delete("again")
    late = click("i2", "again", user_id="u", event_id="e2")
    [outcome] = here.record_events([late], lookup, arrived=arrived)
    assert (outcome.status, outcome.cause) == ("rejected", "event")
    assert "was erased" in outcome.reason
    seen = click("i2", "again", event_id="e3", timestamp=arrived)
    assert here.record_events([seen], lookup)[0].status == "rejected"
    assert here.read("another", "u") == Visitor("another", "u")
    with pytest.raises(SessionUnknown):
        here.export("again")
    assert here.record_events([click("i3", "again", user_id="u")], lookup)[0].status == "accepted"
    assert clicked(elsewhere.read("again")) == clicked(elsewhere.read("another", "u")) == ["i3"]
    assert here.export("again")["ubi_events"]["count"] == 1


def test_what_is_written_meanwhile_holds_up_no_erasure(
    client: OpenSearch, indexes: IndexNames, stores: Stores
) -> None:
    """Its writers remove it when they see the tombstone; there is always some of a busy visitor."""
    here, _ = stores
    here.record_events([click("i1", "busy", user_id="busy-user")], lookup)
    row = here.export("busy")["ubi_events"]["rows"][0]
    row["timestamp"] = datetime.fromtimestamp(time.time() + 10, UTC).isoformat()  # not before it
    alias, ends = indexes.writing(indexes.ubi_events), threading.Event()

    def act() -> None:
        for number in itertools.takewhile(lambda _: not ends.is_set(), itertools.count()):
            send_documents(client, [DocumentWrite("create", alias, f"busy-{number}", row)])

    with ThreadPoolExecutor(1) as pool:
        acting = pool.submit(act)
        try:
            assert here.delete("busy").anything
            assert here.delete_user("busy-user").anything
        finally:
            ends.set()
    acting.result()
    here.delete_user("busy-user")
    assert not left_of(client, indexes, {"busy", "busy-user"})


def test_an_impression_of_before_the_erasure_is_not_kept_either(stores: Stores) -> None:
    here, elsewhere = stores
    arrived = time.time()
    here.delete("seen")
    event = ReceivedEvent("impression", "seen", "i1", user_id="u", counts=False)
    [outcome] = elsewhere.record_events([event], lookup, arrived=arrived)
    assert outcome.status == "rejected"
    with pytest.raises(SessionUnknown):
        here.export("seen")


def test_a_session_that_joins_an_erased_user_late_is_erased_with_the_user(
    client: OpenSearch, indexes: IndexNames, stores: Stores
) -> None:
    here, elsewhere = stores
    here.record_events([click("i1", "late-session")], lookup)  # nobody's
    arrived = time.time()
    assert not elsewhere.delete_user("late-user").anything
    event = click("i2", "late-session", user_id="late-user")
    assert here.record_events([event], lookup, arrived=arrived)[0].status == "rejected"
    assert not left_of(client, indexes, {"late-session", "late-user"})


def test_an_event_that_was_written_beside_the_erasure_is_found_by_the_purge(
    client: OpenSearch, fresh_names: IndexNames
) -> None:
    """A process that was killed between its write and its check leaves a row."""
    ensure_indexes(client, fresh_names)
    short = SessionStore(client, fresh_names, SessionLimits(tombstone_hours=0))
    before = short.record_events([click("i1", "left", event_id="e1")], lookup)
    assert before[0].status == "accepted"
    row = short.export("left")["ubi_events"]["rows"][0]
    short.delete("left")
    alias = fresh_names.writing(fresh_names.ubi_events)
    assert send_documents(client, [DocumentWrite("create", alias, "late", row)])[0].done
    lasting = SessionStore(client, fresh_names)
    assert not lasting.purge().anything
    assert client.exists(index=fresh_names.sessions, id="session:left")  # the tombstone
    short.purge()
    assert not left_of(client, fresh_names, {"left"})
    assert not client.exists(index=fresh_names.sessions, id="session:left")


def test_erasures_of_one_session_at_the_same_time_all_succeed(stores: Stores) -> None:
    for store in stores:
        store.record_events([click("i1", "often", user_id="u-often")] * 20, lookup)
    with ThreadPoolExecutor(8) as pool:
        deleted = list(pool.map(lambda n: stores[n % 2].delete("often"), range(16)))
    assert len(deleted) == 16
    assert not stores[0].delete("often").anything
    assert stores[0].record_events([click("i2", "often")], lookup)[0].status == "accepted"


def test_an_index_of_an_earlier_version_takes_tombstones(
    client: OpenSearch, fresh_names: IndexNames
) -> None:
    template = load_template("sessions", fresh_names.prefix)["template"]
    for name in ("erased_at", "split_at", "joining"):
        del template["mappings"]["properties"][name]
    client.indices.create(index=fresh_names.sessions, body=template)
    ensure_indexes(client, fresh_names)
    with two_stores(client, fresh_names) as (here, elsewhere):
        arrived = time.time()
        here.record_events([click("i1", "s")], lookup)
        assert here.delete("s").sessions == 1
        [outcome] = elsewhere.record_events([click("i2", "s")], lookup, arrived=arrived)
        assert outcome.status == "rejected"
