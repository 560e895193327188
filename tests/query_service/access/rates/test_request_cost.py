"""One request that holds many counts as many."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.query_service.access.rates.patient_client import client_without_cluster

BAD_QUERY = {"indexName": "items", "page": "x"}
EVENT = {"session_id": "s", "action": "none"}
VIEW = {"eventType": "click", "objectIDs": [f"i{n}" for n in range(20)]}


def client(folder: Path, **rates: str) -> FlaskClient:
    return client_without_cluster(folder, **(rates or {"rate_per_address": "100/hour"}))


def post(flask: FlaskClient, path: str, body: Any) -> TestResponse:
    return flask.post(path, json=body)


@pytest.mark.parametrize(
    ("path", "body", "cost"),
    [
        ("/v1/search", {"query": ""}, 1),
        ("/1/indexes/*/queries", {"requests": [BAD_QUERY] * 50}, 50),
        ("/1/indexes/*/queries", [BAD_QUERY] * 7, 7),
        ("/1/indexes/*/recommendations", {"requests": [{}] * 12}, 12),
        ("/1/indexes/items/query", BAD_QUERY, 1),
        ("/v1/events", {"events": [EVENT] * 95}, 10),
        ("/v1/events", [EVENT] * 11, 2),
        ("/v1/events", EVENT, 1),
        ("/v1/events", {"events": 5}, 1),
        ("/v1/events", {"events": "many"}, 1),
        ("/ubi_events", [{"action_name": "x"}] * 40, 4),
        ("/ubi_queries", [{}] * 31, 4),
        ("/1/events", {"events": [VIEW] * 3}, 6),
        ("/1/events", {"events": [{"objectIDs": 3}, {"objectIDs": []}, 7, None]}, 1),
        ("/v1/items", {"items": [{}] * 21}, 3),
    ],
)
def test_a_request_counts_as_many_as_it_holds(
    tmp_path: Path, path: str, body: Any, cost: int
) -> None:
    answer = post(client(tmp_path), path, body)
    assert answer.status_code in (400, 403, 422), answer.data
    assert answer.headers["RateLimit-Remaining"] == str(100 - cost)


@pytest.mark.parametrize(
    ("content", "status"), [(b"{", 400), (b"5", 422), (b"[" * 300 + b"]" * 300, 422)]
)
def test_a_body_that_can_not_be_read_counts_as_one(
    tmp_path: Path, content: bytes, status: int
) -> None:
    flask = client(tmp_path)
    answer = flask.post("/1/indexes/*/queries", data=content, content_type="application/json")
    assert answer.status_code == status
    assert answer.headers["RateLimit-Remaining"] == "99"


def test_what_a_rate_has_no_more_left_for_is_refused_and_says_what_it_counts_as(
    tmp_path: Path,
) -> None:
    many = {"requests": [BAD_QUERY] * 50}
    flask = client(tmp_path, rate_per_address="80/hour")
    assert post(flask, "/1/indexes/*/queries", many).status_code == 400
    refused = post(flask, "/1/indexes/*/queries", many)
    assert refused.status_code == 429
    assert "this one counts as 50" in refused.get_json()["message"]
    assert post(flask, "/v1/search", {"query": ""}).status_code == 422  # some is left for one


def test_what_counts_more_than_the_whole_rate_takes_all_of_it(tmp_path: Path) -> None:
    flask = client(tmp_path, rate_per_address="20/hour;1000/hour")
    many = {"requests": [BAD_QUERY] * 50}
    first = post(flask, "/1/indexes/*/queries", many)
    assert first.status_code == 400
    assert first.headers["RateLimit-Remaining"] == "0"
    assert post(flask, "/1/indexes/*/queries", many).status_code == 429


def test_a_session_counts_what_it_asks_for(tmp_path: Path) -> None:
    flask = client(tmp_path, rate_per_session="60/hour")

    def many(session: str) -> Any:
        return {"requests": [{**BAD_QUERY, "userToken": session}] * 50}

    path = "/1/indexes/*/queries"
    assert post(flask, path, many("ann")).status_code == 400
    assert post(flask, path, many("ann")).status_code == 429
    assert post(flask, path, many("bob")).status_code == 400
