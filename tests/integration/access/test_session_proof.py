"""Whose a session is: its token, or an admin."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from indexer.encoder.encoder import Encoder
from plugin_config.settings import ClusterSettings
from query_service.web.access.route_access import ROUTES
from tests.integration.command_line import invoke
from tests.integration.serving import Api, Response, serving_index
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
ROUTES_OF_OWNERS = sorted(route for route, needed in ROUTES.items() if needed.owner)


@pytest.fixture(scope="module")
def open_api(shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    with serving_index(shop, encoder, keys_poll_s=0.2) as api:
        yield api


@pytest.fixture(scope="module")
def started_openly(open_api: Api) -> Response:
    return open_api("POST", "/v1/sessions", {})


@pytest.fixture(scope="module")
def api(open_api: Api, started_openly: Response, environment: dict[str, str]) -> Api:
    scopes = ("--scope", "search", "--scope", "events")
    return open_api.with_key(invoke(environment, "keys", "create", "front", *scopes).stdout.strip())


@pytest.fixture(scope="module")
def admin(api: Api, environment: dict[str, str]) -> Api:
    created = invoke(environment, "keys", "create", "root", "--scope", "admin")
    return api.with_key(created.stdout.strip())


def with_token(api: Api, token: str) -> Api:
    key = api._headers["Authorization"].split()[1]
    return api.with_key(key, **{"X-Session-Token": token})


def request(route: str, session_id: str) -> tuple[str, str, object]:
    method, path = route.split(" ", 1)
    path = path.replace("<session_id>", quote(session_id, safe=""))
    if path == "/v1/suggest":
        path += f"?session_id={quote(session_id, safe='')}&query=shoes"
    bodies = {"/v1/joins": {"user_id": "u1"}, "/v1/consents": {"personalize": True}}
    body = {"session_id": session_id, **bodies[path]} if method == "POST" else None
    return method, path, body


def test_without_keys_no_session_needs_a_token(started_openly: Response) -> None:
    assert started_openly.status == 200
    assert len(started_openly.body["session_id"]) >= 24
    assert started_openly.body["token"] is None


@pytest.mark.parametrize("route", ROUTES_OF_OWNERS)
def test_the_owner_and_an_admin_may_and_nobody_else(api: Api, admin: Api, route: str) -> None:
    mine, others = (api("POST", "/v1/sessions", {}).body for _ in range(2))
    assert mine["token"].startswith("lis_")
    assert mine["session_id"] != others["session_id"]
    assert api.event("click", "i1", mine["session_id"]).status == 200
    own = request(route, mine["session_id"])
    for token in ("", "lis_", "ä", "lis_" + "a" * 43, others["token"], mine["token"][:-1]):
        refused = with_token(api, quote(token))(*own)
        assert refused.status == 403, token
        assert "X-Session-Token" in refused.body["detail"]
        assert token == "" or token not in str(refused.body).replace("X-Session-Token", "")
    allowed = with_token(api, mine["token"])(*own)
    assert allowed.status == 200
    assert allowed.body.get("bundles") is None  # names of the service's files
    assert api.event("click", "i1", mine["session_id"]).status == 200
    assert admin(*own).status == 200
    # Another id beside the own one, wherever it may stand.
    method, path, body = request(route, others["session_id"])
    tricky = f"{path}{'&' if '?' in path else '?'}session_id={mine['session_id']}"
    if route != "DELETE /v1/suggest":
        assert with_token(api, mine["token"])(method, tricky, body).status == 403


def test_two_ids_of_sessions_are_no_way_around(api: Api) -> None:
    mine, others = (api("POST", "/v1/sessions", {}).body for _ in range(2))
    for first, second in ((mine, others), (others, mine)):
        ids = f"session_id={first['session_id']}&session_id={second['session_id']}"
        answer = with_token(api, mine["token"])("DELETE", f"/v1/suggest?{ids}&query=shoes")
        # Whichever of the two the route takes is the one that the token must be of.
        assert answer.status == 403 or answer.body == {"sessions": 0, "users": 0, "ubi_queries": 0}


def test_a_token_of_a_chosen_session_is_for_admins(api: Api, admin: Api) -> None:
    refused = api("POST", "/v1/sessions", {"session_id": "my-own"})
    assert (refused.status, "scope admin" in refused.body["detail"]) == (403, True)
    given = admin("POST", "/v1/sessions", {"session_id": "my-own"}).body
    assert given["session_id"] == "my-own"
    api.event("click", "i1", "my-own")
    assert with_token(api, given["token"])("GET", "/v1/sessions/my-own").status == 200
    wrong = admin("POST", "/v1/sessions", {"session_id": "two words"})
    assert (wrong.status, wrong.body["errors"][0]["field"]) == (422, "session_id")
    assert admin("POST", "/v1/sessions", {"name": "x"}).status == 422


def test_rotated_tokens_count_until_the_overlap_is_over(
    api: Api, environment: dict[str, str]
) -> None:
    mine = api("POST", "/v1/sessions", {}).body
    api.event("click", "i1", mine["session_id"])
    path = f"/v1/sessions/{mine['session_id']}"
    rotated = invoke(environment, "keys", "rotate", "sessions", "--overlap", "1h")
    assert (rotated.exit_code, rotated.stdout) == (0, "")
    wait_until(lambda: api("POST", "/v1/sessions", {}).status == 200, 10)
    assert with_token(api, mine["token"])("GET", path).status == 200
    invoke(environment, "keys", "rotate", "sessions", "--overlap", "0s")
    wait_until(lambda: with_token(api, mine["token"])("GET", path).status == 403, 10)
