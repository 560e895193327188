"""A log that can't be written, on a full disk, closed or unread: the service goes on, and ends."""

import fcntl
import os
import signal
import subprocess
import time

import pytest

from benchmarks.chaos.fault_table import FaultTable
from plugin_config.node.node_process import free_port
from plugin_config.settings import ClusterSettings
from tests.integration.command_line import LIVE_INTENT, PYTHONPATH
from tests.integration.serving import Api
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
FAULTS = {"a full disk for the log": ">/dev/full 2>&1", "the log is closed": ">&- 2>&-"}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_service_goes_on_without_its_log(
    shop: ClusterSettings, environment: dict[str, str], fault_table: FaultTable, fault: str
) -> None:
    port = free_port()
    process = subprocess.Popen(
        [
            "sh",
            "-c",
            f'exec "$@" {FAULTS[fault]}',
            "sh",
            *LIVE_INTENT,
            "serve",
            "--port",
            str(port),
        ],
        env=environment | PYTHONPATH | {"LIVE_INTENT_DEVICE": "cpu"},
    )
    try:
        api = Api(f"http://127.0.0.1:{port}")
        wait_until(api.ready, 120)
        for number in range(50):
            assert api.search("desk lamp", f"log-{number}")["degraded"] == []
        body = {"query": "desk lamp", "session_id": "log", "deadline_ms": 20_000}
        search = fault_table.observe(fault, "search", lambda: api("POST", "/v1/search", body))
        event = fault_table.observe(fault, "event", lambda: api.event("click", "i1", "log"))
        refused = fault_table.observe(
            fault, "search without a query", lambda: api("POST", "/v1/search", {})
        )
        assert (search.status, event.status, refused.status) == (200, 200, 422)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) in (0, 120)  # 120: Python could not write its last output
        assert time.monotonic() - started < 40
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(20)


def test_a_reader_of_the_log_that_hangs_holds_nobody_up(
    shop: ClusterSettings, environment: dict[str, str]
) -> None:
    port = free_port()
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 16_384)
    process = subprocess.Popen(
        [*LIVE_INTENT, "serve", "--port", str(port)],
        env=environment
        | PYTHONPATH
        | {"LIVE_INTENT_DEVICE": "cpu", "LIVE_INTENT_LOG_FORMAT": "json"},
        stdout=writer,
        stderr=writer,
    )
    os.close(writer)
    try:
        api = Api(f"http://127.0.0.1:{port}")
        wait_until(api.ready, 120)
        for _ in range(150):  # some 50 kB of lines
            assert api("GET", "/no-such-page").status == 404
        assert api("GET", "/readyz").status == 200
        assert len(os.read(reader, 65_536)) > 4_096
        for _ in range(10):
            assert api("GET", "/no-such-page").status == 404
        assert b"lines are missing here" in os.read(reader, 65_536)
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    finally:
        os.close(reader)
        if process.poll() is None:
            process.kill()
            process.wait(20)
