"""How often one may call, without a cluster: what is refused is refused before it is asked."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from plugin_config.errors import SettingsError
from plugin_config.settings import load
from query_service.settings import ServiceSettings
from tests.query_service.access.rates.patient_client import client_without_cluster

BAD = {"query": ""}  # answered by 422 without a cluster


def post(client: FlaskClient, path: str = "/v1/search", body: object = BAD, **headers: str) -> int:
    return client.post(path, json=body, headers=headers).status_code


def test_beyond_the_rate_of_an_address_is_a_429_with_the_standard_headers(tmp_path: Path) -> None:
    client = client_without_cluster(tmp_path, rate_per_address="3/minute")
    answers = [client.post("/v1/search", json=BAD) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    refused = answers[-1]
    assert refused.headers["RateLimit-Limit"] == "3"
    assert refused.headers["RateLimit-Policy"] == "3;w=60"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert 1 <= int(refused.headers["RateLimit-Reset"]) <= 60
    assert refused.content_type == "application/problem+json"
    assert refused.get_json()["detail"].startswith("Too many requests of one address: 3 per 1 min")
    # Other addresses, probes and pages go on.
    assert client.get("/healthz").status_code == 200
    assert "RateLimit-Limit" not in client.get("/healthz").headers
    other = client.post("/v1/search", json=BAD, environ_base={"REMOTE_ADDR": "192.0.2.9"})
    assert other.status_code == 422
    assert b'cause="rate of address"} 1.0' in client.get("/metrics").data


def test_instantsearch_reads_its_own_form_of_a_429(tmp_path: Path) -> None:
    client = client_without_cluster(tmp_path, rate_per_address="1/minute")
    answers = [client.post("/1/indexes/*/queries", json={}) for _ in range(2)]
    assert answers[1].status_code == 429
    assert answers[1].get_json()["status"] == 429
    assert answers[1].headers["Retry-After"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/search", {"query": "", "session_id": "{}"}),
        ("/v1/events", {"events": [{"session_id": "{}"}]}),
        ("/ubi_events", [{"client_id": "{}"}]),
        ("/1/events", {"events": [{"userToken": "{}", "eventType": "x"}]}),
        ("/1/indexes/*/queries", {"requests": [{"userToken": "{}", "type": "x"}]}),
        ("/1/indexes/*/queries", {"requests": [{"params": "query=&page=x&userToken={}"}]}),
        ("/1/indexes/items/query", {"params": "page=x&userToken={}"}),
        ("/1/indexes/*/queries", {"requests": [{"params": {"userToken": "{}", "page": "x"}}]}),
    ],
)
def test_a_session_has_a_rate_of_its_own(tmp_path: Path, path: str, body: object) -> None:
    client = client_without_cluster(tmp_path, rate_per_session="2/hour")

    def of(session: str) -> object:
        parsed: object = json.loads(json.dumps(body).replace("{}", session))
        return parsed

    assert [post(client, path, of("ann")) for _ in range(3)][-1] == 429
    assert post(client, path, of("bob")) != 429
    assert post(client, path, BAD) != 429  # a request about no session


@pytest.mark.parametrize(
    ("path", "bodies"),
    [
        ("/v1/search", [{"query": "", "session_id": each} for each in (5, 5.0, "5", " 5 ")]),
        (
            "/v1/search",
            [{"query": "", "session_id": "a", "userToken": f"{n}", "client_id": n}
             for n in range(3)],
        ),
        ("/1/indexes/items/query", [{"page": "x", "userToken": "a", "session_id": f"{n}"}
                                    for n in range(3)]),
        ("/1/indexes/items/query",
         [{"params": "page=x&userToken=a", "userToken": f"{n}"} for n in range(3)]),
    ],
)  # fmt: skip
def test_a_session_counts_as_one_however_it_is_written(
    tmp_path: Path, path: str, bodies: list[object]
) -> None:
    client = client_without_cluster(tmp_path, rate_per_session="2/hour")
    statuses = [post(client, path, body) for body in bodies]
    assert 429 not in statuses[:2]
    assert set(statuses[2:]) == {429}


def test_the_header_of_a_token_is_counted_where_the_body_has_none(tmp_path: Path) -> None:
    client = client_without_cluster(tmp_path, rate_per_session="2/hour")
    path, name = "/1/indexes/items/query", "X-Algolia-UserToken"
    assert [post(client, path, {"page": "x"}, **{name: "a"}) for _ in range(3)][-1] == 429
    named = {"page": "x", "userToken": "b"}
    assert [post(client, path, named, **{name: f"{n}"}) for n in range(3)][-1] == 429


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", False),
        ("192.0.2.7", "192.0.2.8", False),
    ],
)
def test_the_addresses_of_one_visitor_count_as_one(
    tmp_path: Path, first: str, second: str, is_one: bool
) -> None:
    client = client_without_cluster(tmp_path, rate_per_address="1/minute")
    for address, status in ((first, 422), (second, 429 if is_one else 422)):
        answer = client.post("/v1/search", json=BAD, environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == status


def test_forwarded_addresses_have_rates_of_their_own_behind_trusted_proxies_alone(
    tmp_path: Path,
) -> None:
    for trusted, status in (("127.0.0.0/8", 422), ("", 429), ("10.0.0.0/8", 429)):
        client = client_without_cluster(
            tmp_path, rate_per_address="1/minute", trusted_proxies=trusted
        )
        post(client, **{"X-Forwarded-For": "198.51.100.1"})
        assert post(client, **{"X-Forwarded-For": "198.51.100.2"}) == status


def test_by_default_there_is_no_limit(tmp_path: Path) -> None:
    client = client_without_cluster(tmp_path)
    assert {post(client) for _ in range(50)} == {422}
    assert "RateLimit-Limit" not in client.post("/v1/search", json=BAD).headers


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"rate_per_address": "often"},
            "LIVE_INTENT_RATE_PER_ADDRESS or its option=often: 'often' is no rate",
        ),
        ({"rate_per_key": "0/minute"}, "it allows 1 to"),
        ({"rate_per_key": "-5/minute"}, "'-5/minute' is no rate"),
        ({"rate_per_session": "10/second;0/hour"}, "it allows 1 to"),
        ({"rate_per_session": "5 per 0 minutes"}, "it allows 1 to"),
        ({"rate_per_address": f"{'9' * 40}/minute"}, "it allows 1 to"),
        ({"rate_per_address": f"5 per {'9' * 40} days"}, "it allows 1 to"),
        ({"rate_storage": "file:///x"}, "allowed: memory://"),
        ({"trusted_proxies": "proxy.example"}, "write 10.0.0.0/8"),
    ],
)
def test_settings_name_what_is_wrong(settings: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(ServiceSettings, **settings)
    assert said in str(refused.value)
