"""What has expired is removed by one service of all, at a low pace, and the status says so."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.privacy.consent import Consent
from query_service.retention.lease import DOCUMENT, RetentionReport
from query_service.retention.retention_watch import RetentionWatch
from query_service.sessions.limits import SessionLimits
from query_service.sessions.store import SessionStore
from query_service.settings import ServiceSettings
from tests.integration.command_line import invoke
from tests.integration.serving import serving_index
from tests.integration.session_stores import click, lookup, query
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
DAY_S = 86_400
SHORT = SessionLimits(ttl_days=0.1 / DAY_S, tombstone_hours=1e-6, consent_days=0.2 / DAY_S,
                      deleted_items_days=1)  # fmt: skip


@pytest.fixture
def fill(client: OpenSearch, fresh_names: IndexNames) -> Iterator[SessionStore]:
    """A store whose indexes have 5 sessions, one choice, one tombstone and 3 deleted items."""
    ensure_indexes(client, fresh_names)
    store = SessionStore(client, fresh_names, SHORT)
    lasting = SessionStore(client, fresh_names)
    for number in range(5):
        lasting.record_events([click("i1", f"s{number}", user_id=f"u{number % 2}")], lookup)
        lasting.record_query(query("lamp", f"s{number}"))
    lasting.set_consent("chosen", Consent(learn=False))
    lasting.record_events([click("i1", "gone")], lookup)
    lasting.delete("gone")
    old = round((time.time() - 2 * DAY_S) * 1000)
    client.indices.create(
        index=fresh_names.deletions,
        body={"mappings": {"_meta": {"made_by": "live-intent"},
                           "properties": {"deleted_at": {"type": "date"}}}},
    )  # fmt: skip
    for number, at in enumerate((old, old, round(time.time() * 1000))):
        client.index(index=fresh_names.deletions, id=str(number), body={"deleted_at": at})
    client.indices.refresh(index=f"{fresh_names.prefix}*")
    yield store
    store.close()
    lasting.close()


def watch(store: SessionStore, **settings: object) -> RetentionWatch:
    return RetentionWatch(store, load(ServiceSettings, retention_pause_s=0, **settings))


def report(client: OpenSearch, names: IndexNames) -> RetentionReport:
    return RetentionReport.of(client.get(index=names.sessions, id=DOCUMENT)["_source"])


def test_all_that_has_expired_is_removed_in_slices_and_counted(
    client: OpenSearch, fresh_names: IndexNames, fill: SessionStore, fresh_environment: Any
) -> None:
    time.sleep(0.25)  # until all has expired
    assert watch(fill, retention_slice=2).run_if_due()
    done = report(client, fresh_names)
    assert done.removed == {
        "sessions": 6, "users": 2, "ubi_queries": 5, "ubi_events": 5, "tombstones": 1,
        "deleted_items": 2,
    }  # fmt: skip
    assert done.ended >= done.began
    assert not done.held_until
    client.indices.refresh(index=f"{fresh_names.prefix}*")
    left = client.search(index=f"{fresh_names.prefix}*", body={"query": {"match_all": {}}})
    assert sorted(hit["_id"] for hit in left["hits"]["hits"]) == ["2", DOCUMENT]
    said = invoke(fresh_environment, "sessions", "status", "--json")
    assert said.exit_code == 0, said.output
    status = json.loads(said.stdout)
    kept = {each["kind"]: each for each in status["kept"]}
    assert kept.keys() == {*done.removed, "joins", "consents"}
    assert {kind: kept[kind]["removed"] for kind in done.removed} == done.removed
    assert kept["deleted_items"]["documents"] == 1
    assert kept["deleted_items"]["kept_days"] == 30
    table = invoke(fresh_environment, "sessions", "status").stdout
    assert "last run: " in table
    assert f"ubi_events ({fresh_names.ubi_events})" in table


def test_nothing_is_removed_before_its_time(
    client: OpenSearch, fresh_names: IndexNames, fill: SessionStore
) -> None:
    lasting = SessionStore(client, fresh_names)
    assert watch(lasting).run_if_due()
    assert not any(report(client, fresh_names).removed.values())
    lasting.close()


def test_one_of_many_processes_runs_and_the_next_waits_for_the_interval(
    client: OpenSearch, fresh_names: IndexNames, fill: SessionStore
) -> None:
    watches = [watch(fill, retention_interval_s=3600) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        ran = list(pool.map(lambda each: each.run_if_due(), watches))
    assert sum(ran) == 1
    assert not watch(fill, retention_interval_s=3600).run_if_due()
    assert watch(fill, retention_interval_s=0.001).run_if_due()


def test_a_lease_of_a_process_that_died_is_taken_when_it_is_over(
    client: OpenSearch, fresh_names: IndexNames, fill: SessionStore
) -> None:
    now = round(time.time() * 1000)
    held = {"owner": "dead", "held_until": now + 60_000, "began": now - 60_000}
    body = {"kind": "maintenance", "report": held}
    client.index(index=fresh_names.sessions, id=DOCUMENT, body=body)
    assert not watch(fill, retention_interval_s=1).run_if_due()
    body["report"]["held_until"] = now - 1
    client.index(index=fresh_names.sessions, id=DOCUMENT, body=body)
    assert watch(fill, retention_interval_s=1).run_if_due()


def test_a_clock_that_was_ahead_keeps_no_run_from_being_due(
    client: OpenSearch, fresh_names: IndexNames, fill: SessionStore
) -> None:
    ahead = round(time.time() * 1000) + 3_600_000
    for held_until in (0, ahead + 60_000):  # it ended, or died
        held = {"owner": "ahead", "held_until": held_until, "began": ahead}
        body = {"kind": "maintenance", "report": held}
        client.index(index=fresh_names.sessions, id=DOCUMENT, body=body)
        assert watch(fill, retention_interval_s=3600).run_if_due()
        assert not watch(fill, retention_interval_s=3600).run_if_due()


def test_a_service_does_so_by_itself(
    client: OpenSearch, names: IndexNames, shop: ClusterSettings, encoder: Encoder
) -> None:
    brief = {"session_ttl_days": 0.2 / DAY_S, "retention_interval_s": 0.5, "retention_pause_s": 0}
    with serving_index(shop, encoder, **brief) as api:
        assert api.event("click", "i1", "brief").status == 200

        def gone() -> bool:
            client.indices.refresh(index=names.ubi_events)
            return bool(client.count(index=names.ubi_events)["count"] == 0)

        wait_until(gone)
    assert report(client, names).removed_in_all["ubi_events"] == 1
