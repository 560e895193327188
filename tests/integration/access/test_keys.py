"""API keys: made, rotated and revoked by the command line while services answer."""

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from query_service.web.access.route_access import ROUTES
from tests.integration.command_line import invoke
from tests.integration.serve_process import serve
from tests.integration.serving import Api, serving_index
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
POLL_S = 0.3
SEARCH = {"query": "running shoes", "session_id": "keys", "deadline_ms": 20_000}
SCOPES = ("search", "events", "items", "metrics", "admin")
PATHS = {
    "<session_id>": "s1", "<user_id>": "u1", "<item_id>": "i1", "<index>": "items",
    "<facet>": "brand",
}  # fmt: skip


@pytest.fixture(scope="module")
def api(shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    with serving_index(
        shop, encoder, keys_poll_s=POLL_S, item_writes=True, rule_writes=True
    ) as api:
        yield api


@pytest.fixture(scope="module")
def keys(api: Api, environment: dict[str, str]) -> dict[str, str]:
    """A key of each scope; before the first one anybody may call."""
    assert api("POST", "/v1/search", SEARCH).status == 200
    made = {scope: create(environment, f"the-{scope}", "--scope", scope) for scope in SCOPES}
    assert api.with_key(made["search"])("POST", "/v1/search", SEARCH).status == 200
    wait_until(lambda: api("POST", "/v1/search", SEARCH).status == 401, 10)
    return made


def create(environment: dict[str, str], *arguments: object) -> str:
    """Make a key; return its text, the one line of the output."""
    made = invoke(environment, "keys", "create", *arguments)
    assert made.exit_code == 0, made.output
    [text] = made.stdout.splitlines()
    assert re.fullmatch(r"li_[a-z0-9]{12}_[\w-]{43}", text)
    return text


def search_status(api: Api, key: str) -> int:
    return api.with_key(key)("POST", "/v1/search", SEARCH).status


def key_id(key: str) -> str:
    return key.split("_")[1]


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_each_route_takes_the_keys_of_its_scope_and_no_others(
    api: Api, keys: dict[str, str], route: str
) -> None:
    method, path = route.split(" ", 1)
    for name, value in PATHS.items():
        path = path.replace(name, value)
    path = re.sub(r"<.*?>", "x", path)
    needed = ROUTES[route]
    body: dict[str, object] | None = {} if method in ("POST", "PUT", "PATCH") else None
    if route == "DELETE /v1/suggest":
        path += "?session_id=s1&query=shoes"
    if route == "POST /v1/joins":
        body = {"session_id": "s1", "user_id": "u1"}
    if route == "POST /v1/consents":
        body = {"session_id": "s1", "personalize": True}
    if needed.scope is None:
        assert api(method, path, body).status != 401
        return
    anonymous = api(method, path, body)
    assert anonymous.status == 401
    scheme = "Basic" if path == "/insights" else "Bearer"
    assert anonymous.headers["WWW-Authenticate"].startswith(scheme)
    for scope, key in keys.items():
        answer = api.with_key(key)(method, path, body)
        if scope in needed.scopes:
            assert answer.status not in (401, 403), answer
        else:
            assert answer.status == 403
            said = answer.body.get("detail") or answer.body["message"]
            assert f"scope {needed.scope}" in said
            assert f'scope="{needed.scope}"' in answer.headers["WWW-Authenticate"]
            assert key not in str(answer)


@pytest.mark.parametrize(
    "wrong",
    [
        "nonsense", "li_aaaaaaaaaaaa_" + "b" * 43, "li_sessions_" + "b" * 43,
        "lib.aaaaaaaaaaaa.e30." + "c" * 43,
    ],
)  # fmt: skip
def test_other_keys_are_refused_and_never_repeated(
    api: Api, keys: dict[str, str], wrong: str
) -> None:
    answer = api.with_key(wrong)("POST", "/v1/search", SEARCH)
    assert answer.status == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "invalid_token" in answer.headers["WWW-Authenticate"]
    assert wrong not in str(answer.body)


def test_the_right_id_with_another_secret_is_refused(api: Api, keys: dict[str, str]) -> None:
    mixed = f"li_{key_id(keys['search'])}_{keys['events'].split('_', 2)[2]}"
    assert api.with_key(mixed)("POST", "/v1/search", SEARCH).status == 401


def test_instantsearch_sends_its_key_in_a_header_of_its_own(api: Api, keys: dict[str, str]) -> None:
    body = {"requests": [{"indexName": "items", "query": "shoes"}]}
    named = Api(api.url, **{"X-Algolia-API-Key": keys["search"]})
    assert named("POST", "/1/indexes/*/queries", body).status == 200
    assert named("POST", "/v1/search", SEARCH).status == 401
    refused = api("POST", "/1/indexes/*/queries", body)
    assert (refused.status, refused.body["status"]) == (401, 401)
    # An address stands in logs: there only a browser key counts.
    address = f"/1/indexes/*/queries?x-algolia-api-key={keys['search']}"
    assert api("POST", address, body).status == 401
    assert api("POST", f"/v1/search?key={keys['search']}", SEARCH).status == 401


def test_a_browser_sends_a_key_as_a_password_for_the_page_of_insights_alone(
    api: Api, keys: dict[str, str]
) -> None:
    def with_password(key: str) -> Api:
        content = base64.b64encode(f"anybody:{key}".encode()).decode()
        return Api(api.url, Authorization=f"Basic {content}")

    assert with_password(keys["admin"])("GET", "/insights").status == 200
    assert with_password(keys["search"])("GET", "/insights").status == 403
    assert with_password("nonsense")("GET", "/insights").status == 401
    assert with_password(keys["admin"])("GET", "/v1/rules").status == 401
    assert with_password(keys["admin"])("DELETE", "/v1/users/u1").status == 401


def test_only_hashes_are_stored_and_a_list_shows_no_secret(
    api: Api, keys: dict[str, str], environment: dict[str, str], client: OpenSearch,
    names: IndexNames,
) -> None:  # fmt: skip
    listed = invoke(environment, "keys", "list").stdout
    stored = str(client.search(index=names.keys, size=100))
    for scope, key in keys.items():
        secret = key.split("_", 2)[2]
        assert key_id(key) in listed
        assert f"the-{scope}" in listed
        assert secret not in listed
        assert secret not in stored


def test_a_rotated_key_has_two_secrets_for_a_while_and_a_revoked_one_none(
    api: Api, keys: dict[str, str], environment: dict[str, str]
) -> None:
    first = create(environment, "rotating", "--scope", "search")
    rotated = invoke(environment, "keys", "rotate", "rotating", "--overlap", "1h")
    second = rotated.stdout.strip()
    assert key_id(second) == key_id(first)
    wait_until(lambda: search_status(api, second) == 200, 10)
    assert search_status(api, first) == 200
    invoke(environment, "keys", "rotate", key_id(first), "--overlap", "0s")
    wait_until(lambda: search_status(api, first) == 401, 10)
    assert search_status(api, second) == 401
    third = invoke(environment, "keys", "rotate", key_id(first)).stdout.strip()
    wait_until(lambda: search_status(api, third) == 200, 10)
    assert "is revoked" in invoke(environment, "keys", "revoke", "rotating").stdout
    wait_until(lambda: search_status(api, third) == 401, 10)
    again = invoke(environment, "keys", "rotate", key_id(first))
    assert (again.exit_code, "is revoked" in again.stderr) == (4, True)
    assert f"{key_id(first)}  rotating  search" in invoke(environment, "keys", "list").stdout
    assert invoke(environment, "keys", "prune").stdout == "1 removed\n"
    assert "rotating" not in invoke(environment, "keys", "list").stdout


def test_an_expired_key_says_so(
    api: Api, keys: dict[str, str], environment: dict[str, str]
) -> None:
    short = create(environment, "short", "--scope", "search", "--expires", "1s")
    own = api.with_key(short)
    wait_until(lambda: "has expired" in str(own("POST", "/v1/search", SEARCH).body), 10)
    assert search_status(api, short) == 401


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create", "x"], "--scope"),
        (["create", "x", "--scope", "all"], "'all' is not one of"),
        (["create", "x", "--scope", "search", "--expires", "soon"], "write 30d"),
        (["create", "x", "--scope", "search", "--rate", "many"], "write 600/minute"),
        (["rotate", "nobody"], "no key has the id or name 'nobody'"),
        (["revoke", "nobody"], "no key has the id or name 'nobody'"),
        (["derive", "--origin", "shop.example"], "no key that begins with li_"),
    ],
)
def test_the_command_names_what_is_wrong(
    keys: dict[str, str], environment: dict[str, str], arguments: list[str], said: str
) -> None:
    ended = invoke(environment, "keys", *arguments)
    assert ended.exit_code != 0
    assert said in ended.output


def test_a_name_is_that_of_one_key(keys: dict[str, str], environment: dict[str, str]) -> None:
    first = key_id(create(environment, "only-one", "--scope", "search"))
    for name in ("only-one", " only-one ", first):
        again = invoke(environment, "keys", "create", name, "--scope", "admin")
        assert again.exit_code == 2, again.output
        assert f"the key {first} (only-one) is called so already" in again.stderr
    assert invoke(environment, "keys", "revoke", "only-one").exit_code == 0
    assert create(environment, "only-one", "--scope", "search")


def test_refusals_are_counted_by_cause(api: Api, keys: dict[str, str]) -> None:
    api("POST", "/v1/search", SEARCH)
    metrics = api.with_key(keys["metrics"])("GET", "/metrics").body
    for cause in ("no_key", "unknown", "malformed", "scope"):
        assert re.search(rf'live_intent_requests_refused_total{{cause="{cause}"}} [1-9]', metrics)


def test_unknown_ids_have_the_keys_read_at_most_once_a_second(
    api: Api, keys: dict[str, str], client: OpenSearch, names: IndexNames
) -> None:
    def searches() -> int:
        stats = client.indices.stats(index=names.keys, metric="search")
        return int(stats["_all"]["total"]["search"]["query_total"])

    before, began = searches(), time.monotonic()
    for number in range(100):
        assert search_status(api, f"li_{number:012d}_" + "z" * 43) == 401
    allowed = (time.monotonic() - began) * (1 + 1 / POLL_S) + 3
    assert searches() - before <= allowed


def test_known_keys_count_while_their_index_cannot_be_read_and_unknown_ones_do_not(
    api: Api, keys: dict[str, str], client: OpenSearch, names: IndexNames
) -> None:
    assert search_status(api, keys["search"]) == 200
    client.indices.close(index=names.keys)
    try:
        unknown = "li_zzzzzzzzzzzz_" + "z" * 43
        wait_until(lambda: search_status(api, unknown) == 503, 10)
        assert search_status(api, keys["search"]) == 200
        assert api("POST", "/v1/search", SEARCH).status == 401
    finally:
        client.indices.open(index=names.keys)
        client.cluster.health(index=names.keys, wait_for_status="yellow")
    wait_until(lambda: search_status(api, unknown) == 401, 10)


def test_a_service_of_two_processes_takes_and_drops_a_key_without_a_restart(
    api: Api, keys: dict[str, str], environment: dict[str, str], tmp_path: Path
) -> None:
    own = environment | {
        "LIVE_INTENT_PROCESSES": "2", "LIVE_INTENT_KEYS_POLL_S": str(POLL_S),
        "LIVE_INTENT_HOST": "0.0.0.0", "LIVE_INTENT_DRAIN_S": "0",
    }  # fmt: skip
    with serve(own, tmp_path) as served:
        other = served.api()
        served.wait_for_workers(2)
        assert "may call" not in served.output
        key = create(environment, "two-processes", "--scope", "search")
        # Both processes are asked by chance: so often that each was.
        wait_until(lambda: {search_status(other, key) for _ in range(8)} == {200}, 20)
        invoke(environment, "keys", "revoke", "two-processes")
        wait_until(lambda: {search_status(other, key) for _ in range(8)} == {401}, 20)
        served.end()
        assert key.split("_", 2)[2] not in served.output
