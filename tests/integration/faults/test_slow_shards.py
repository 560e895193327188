"""Searches that take the engine seconds: a search pipeline puts a slow script into each."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from opensearchpy import OpenSearch

from benchmarks.chaos.fault_table import FaultTable
from indexer.encoder.encoder import Encoder
from plugin_config.connection.partial_answers import NOTES
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.serving import serving_index
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
FAULT = "shards are slow: each search takes seconds"
SLOW = "double s = 0; for (int i = 0; i < 900000; i++) { s += Math.sin(i); } return s > -1e9;"
PIPELINE = "index.search.default_pipeline"


@contextmanager
def slow(client: OpenSearch, names: IndexNames) -> Iterator[None]:
    """The items index, each of whose searches runs a slow script on all matches."""
    path = f"/_search/pipeline/{names.prefix}slow"
    script = {"script": {"script": {"lang": "painless", "source": SLOW}}}
    processors = [{"filter_query": {"query": script}}]
    client.transport.perform_request("PUT", path, body={"request_processors": processors})
    client.indices.put_settings(index=names.items, body={PIPELINE: f"{names.prefix}slow"})
    try:
        yield
    finally:
        client.indices.put_settings(index=names.items, body={PIPELINE: "_none"})
        client.transport.perform_request("DELETE", path)


def test_slow_shards_cost_a_search_its_deadline_and_events_nothing(
    shop: ClusterSettings,
    client: OpenSearch,
    names: IndexNames,
    encoder: Encoder,
    fault_table: FaultTable,
) -> None:
    short = {"query": "desk lamp", "session_id": "slow", "deadline_ms": 500}
    with serving_index(shop, encoder, event_deadline_ms=10_000) as api:
        assert api.search("desk lamp", "slow")["degraded"] == []
        with slow(client, names):
            for way in ("search", "recommend"):
                body = short if way == "search" else {**short, "query": None}
                fields = {name: value for name, value in body.items() if value is not None}
                started = time.monotonic()
                answer = fault_table.observe(
                    FAULT, way, lambda way=way, fields=fields: api("POST", f"/v1/{way}", fields)
                )
                assert answer.status == 503
                assert time.monotonic() - started < 5
            event = fault_table.observe(FAULT, "event", lambda: api.event("click", "i2", "slow"))
            assert event.status == 200
        ended = time.monotonic()
        wait_until(
            lambda: api("POST", "/v1/search", {**short, "deadline_ms": 20_000}).status == 200
        )
        fault_table.recovered(FAULT, time.monotonic() - ended)
        assert api.search("desk lamp", "slow")["degraded"] == []


def test_an_answer_that_the_engine_cuts_short_is_noted(
    shop: ClusterSettings, client: OpenSearch, names: IndexNames
) -> None:
    notes: list[str] = []
    token = NOTES.set(notes)
    try:
        with slow(client, names):
            body = {"query": {"match_all": {}}, "timeout": "1ms"}
            response = client.search(index=names.items, body=body)
    finally:
        NOTES.reset(token)
    assert response["timed_out"]
    assert notes == ["timed out in the engine; what it had found until then is used"]
