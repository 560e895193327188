"""Rates that several processes count together, and what becomes of them in an outage."""

import logging
import time
from pathlib import Path

import pytest
import redis
from flask.testing import FlaskClient

from plugin_config.node.node_process import free_port
from query_service.web.access.rate_counts import RateStorageUnreachable, check_storage
from tests.integration.waiting import wait_until
from tests.query_service.access.rates.count_servers import KINDS, count_server
from tests.query_service.access.rates.patient_client import client_without_cluster

BAD = {"query": ""}  # answered by 422 without a cluster
ALONE = b"live_intent_rates_counted_alone 1.0"
TOGETHER = b"live_intent_rates_counted_alone 0.0"


def status(client: FlaskClient) -> int:
    return client.post("/v1/search", json=BAD).status_code


@pytest.mark.parametrize("kind", KINDS)
def test_two_services_count_together_and_alone_while_the_storage_is_away(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with count_server(kind) as server:
        check_storage(server.url)
        settings = {"rate_storage": server.url, "rate_per_address": "4/hour"}
        one, two = (client_without_cluster(tmp_path, **settings) for _ in range(2))
        assert [status(client) for client in (one, two, one, two)] == [422] * 4
        assert status(one) == status(two) == 429
        assert one.post("/v1/search", json=BAD).headers["RateLimit-Remaining"] == "0"

        server.stop()
        with caplog.at_level(logging.WARNING, "query_service.web.access.rate_counts"):
            assert [status(one) for _ in range(5)] == [422] * 4 + [429]
            assert ALONE in one.get("/metrics").data
            lines = [line for line in caplog.messages if "LIVE_INTENT_RATE_STORAGE" in line]
            assert len(lines) == 1  # however many requests
            assert f"{server.url} does not answer" in lines[0]

            server.start()  # without what it held
            later = [status(one)]

            def is_back() -> bool:
                later.append(status(one))
                return TOGETHER in one.get("/metrics").data

            wait_until(is_back, 30)
            assert later[0] == 429  # still alone: it was asked a moment ago
            assert any("answers again" in line for line in caplog.messages)
        left = one.post("/v1/search", json=BAD).headers["RateLimit-Remaining"]
        assert two.post("/v1/search", json=BAD).headers["RateLimit-Remaining"] != left


@pytest.mark.parametrize("kind", KINDS)
def test_any_session_is_counted_and_none_is_stored(kind: str, tmp_path: Path) -> None:
    with count_server(kind) as server:
        client = client_without_cluster(
            tmp_path, rate_storage=server.url, rate_per_session="2/hour"
        )
        for session in ("visitor-1", "été/1", "s" * 120, "%2f/../", "a:b;c"):
            body = {"query": "", "session_id": session}
            statuses = [client.post("/v1/search", json=body).status_code for _ in range(3)]
            assert statuses == [422, 422, 429], session
        assert TOGETHER in client.get("/metrics").data
        if kind == "redis":
            names = redis.from_url(server.url).keys()
            assert names
            assert not [name for name in names if b"visitor" in name or b"sss" in name]


def test_a_service_refuses_to_start_without_the_storage_that_it_is_to_count_in(
    tmp_path: Path,
) -> None:
    address = f"redis://user:secret@127.0.0.1:{free_port()}"
    with pytest.raises(RateStorageUnreachable) as refused:
        check_storage(address)
    assert "secret" not in str(refused.value)
    assert f"redis://127.0.0.1:{address.rpartition(':')[2]} does not answer" in str(refused.value)
    check_storage("memory://")


def test_an_outage_costs_one_timeout_and_not_one_for_each_request(tmp_path: Path) -> None:
    settings = {
        "rate_storage": f"redis://127.0.0.1:{free_port()}",
        "rate_per_address": "1000/hour",
        "rate_per_session": "1000/hour",
    }
    client = client_without_cluster(tmp_path, **settings)
    status(client)
    began = time.monotonic()
    assert {status(client) for _ in range(50)} == {422}
    assert time.monotonic() - began < 5
