"""Sessions and users over HTTP: items that become known later, logins, logouts, erasures."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from indexer.encoder.encoder import Encoder
from plugin_config.settings import ClusterSettings
from tests.integration.serving import Api, item_ids, serving_index

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def api(shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    with serving_index(shop, encoder, item_writes=True) as api:
        yield api


def test_an_event_on_an_item_that_becomes_known_later_counts_from_then_on(api: Api) -> None:
    event = api.event("like", "later-1", "early", position=1)
    assert event.body["items"][0]["status"] == "accepted_unknown_item"
    assert api.search("desk lamp", "early")["personalized"] is False
    item = {"title": "Violet piano", "brand": "Acme", "category": "Music"}
    for item_id in ("later-1", "later-2"):
        assert api("PUT", f"/v1/items/{item_id}", item).status == 201
    answer = api.search("desk lamp", "early", explain=True)
    assert answer["personalized"] is True
    shares = [share for hit in answer["hits"] for share in hit["explanation"]["shares"]]
    assert [share for share in shares if share["kind"] == "event"]


def test_a_login_and_a_logout_over_http(api: Api) -> None:
    api.event("like", "i1", "phone-session")
    answer = api("POST", "/v1/joins", {"session_id": "phone-session", "user_id": "ann"})
    assert (answer.status, answer.body) == (200, {"events": 1, "queries": 0})
    assert api.search("lamp", "laptop", user_id="ann")["personalized"] is True
    answer = api("DELETE", "/v1/joins/phone-session")
    assert (answer.status, answer.body["users"]) == (200, 1)
    assert api.search("lamp", "tablet", user_id="ann", explain=True)["personalized"] is False
    assert api("GET", "/v1/sessions/phone-session").body["user_documents"] == 0


@pytest.mark.parametrize("user_id", ["bob", "auth0|5f/user"])
def test_a_user_is_erased_with_the_joined_sessions(api: Api, user_id: str) -> None:
    session_id = f"session of {user_id}".replace(" ", "-")
    api.event("like", "i1", session_id)
    api("POST", "/v1/joins", {"session_id": session_id, "user_id": user_id})
    answer = api("DELETE", "/v1/users/" + quote(user_id, safe=""))
    assert (answer.status, answer.body["sessions"]) == (200, 1)
    assert api("GET", "/v1/sessions/" + quote(session_id, safe="")).status == 404
    assert api("DELETE", "/v1/users/nobody").body == {
        "sessions": 0, "users": 0, "ubi_queries": 0, "ubi_events": 0, "vectors": 0, "bundles": [],
    }  # fmt: skip


def test_an_erased_session_says_why_it_takes_no_earlier_event(api: Api) -> None:
    api.event("like", "i1", "gone")
    earlier = api("GET", "/v1/sessions/gone").body["session"]["events"][0]["timestamp"]
    assert api("DELETE", "/v1/sessions/gone").status == 200
    answer = api.event("like", "i1", "gone", timestamp=earlier)
    assert answer.status == 422
    assert "erased" in answer.body["detail"]
    assert api.event("like", "i2", "gone").status == 200
    assert item_ids(api.search("lamp", "gone"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"session_id": "s"}, "user_id"),
        ({"user_id": "u"}, "session_id"),
        ({"session_id": "s", "user_id": "two words"}, "user_id"),
        ({"session_id": "", "user_id": "u"}, "session_id"),
        ({"session_id": "s", "user_id": "u", "until": 1}, "until"),
    ],
)
def test_a_join_names_its_wrong_field(api: Api, body: dict[str, object], field: str) -> None:
    answer = api("POST", "/v1/joins", body)
    assert answer.status == 422
    assert [error["field"] for error in answer.body["errors"]] == [field]


def test_the_id_of_a_user_or_a_session_in_a_path_is_checked(api: Api) -> None:
    for path in ("/v1/users/two%20words", "/v1/joins/two%20words"):
        assert api("DELETE", path).status == 422
