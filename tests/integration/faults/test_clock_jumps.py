"""The service's clock of the day jumps by an hour, forward and back, while it runs."""

import importlib.util
import socket
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from benchmarks.chaos.fault_table import FaultTable
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.serve_process import serve
from tests.integration.waiting import wait_until

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(sys.platform != "linux", reason="libfaketime is preloaded on Linux"),
]
JUMPS = {"the clock jumps an hour forward": "+3600", "the clock jumps an hour back": "-3600"}
HALF_HEADER = b"POST /v1/search HTTP/1.1\r\nHost: shop\r\nX-"


def test_a_clock_that_jumps_changes_no_answer(
    shop: ClusterSettings,
    client: OpenSearch,
    names: IndexNames,
    environment: dict[str, str],
    fault_table: FaultTable,
    tmp_path: Path,
) -> None:
    offset = tmp_path / "offset"
    offset.write_text("+0")
    package = importlib.util.find_spec("libfaketime")
    assert package is not None
    assert package.origin is not None
    library = Path(package.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
    settings = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "LIVE_INTENT_HEADER_TIMEOUT_S": "1",
        "LIVE_INTENT_RATE_PER_ADDRESS": "1000/minute",
    }
    with serve(environment | settings, tmp_path) as running:
        api = running.api()
        wait_until(api.ready, 60)
        assert api.event("click", "i0", "jumps").status == 200
        search = {"query": "desk lamp", "session_id": "jumps", "deadline_ms": 20_000}
        for count, (fault, by) in enumerate(JUMPS.items(), start=2):
            offset.write_text(by)
            click = partial(api.event, "click", f"i{count}", "jumps")
            event = fault_table.observe(fault, "event", click)
            assert event.status == 200
            answer = fault_table.observe(fault, "search", lambda: api("POST", "/v1/search", search))
            assert (answer.status, answer.body["degraded"]) == (200, [])
            assert answer.body["personalized"]
            assert max(answer.body["timing_ms"].values()) < 20_000
            events = api("GET", "/v1/sessions/jumps").body["session"]["events"]
            assert len(events) == count
            fault_table.observe(fault, "`/readyz`", lambda: api("GET", "/readyz"))
            assert api.ready()
            assert refused_after(int(api.url.rsplit(":", 1)[1])) < 10
            erased = fault_table.observe(
                fault, "DELETE of a session", lambda: api("DELETE", "/v1/sessions/jumps-erased")
            )
            assert erased.status in (200, 404)
        # What happened in the hour that is to come is erased, too, and new events are taken again.
        assert api("DELETE", "/v1/sessions/jumps").status == 200
        assert api("GET", "/v1/sessions/jumps").status == 404
        client.indices.refresh(index=f"{names.ubi_queries},{names.ubi_events}")
        of_session = {"query": {"term": {"session_id": "jumps"}}}
        for index in (names.ubi_queries, names.ubi_events):
            assert client.count(index=index, body=of_session)["count"] == 0
        assert api.event("click", "i1", "jumps").status == 200
        assert len(api("GET", "/v1/sessions/jumps").body["session"]["events"]) == 1
        started = time.monotonic()
        running.end()
        assert time.monotonic() - started < 30


def refused_after(port: int) -> float:
    """Seconds until a client that sends half a header is answered 408."""
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(HALF_HEADER)
        assert b"408" in connection.recv(4096)
    return time.monotonic() - started
